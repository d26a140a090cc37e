package node_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/inventory"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/stem"
	"github.com/pappus-network/pappus/relay/journal"
)

var params = &chaincfg.RegressionNetParams

// ears records all bytes that come to a host over some protocols.
type ears struct {
	mu    sync.Mutex
	heard bytes.Buffer
}

// listen makes a host swallow what comes over the protocols, and remember it.
func listen(h host.Host, specs ...string) *ears {
	e := new(ears)
	for _, name := range specs {
		id := stem.Spec(params).ID
		if name == "announce" {
			id = announce.Spec(params).ID
		}
		h.SetStreamHandler(id, func(s network.Stream) {
			_, _ = io.Copy(e, s)
			_ = s.Reset()
		})
	}
	return e
}

// Write implements io.Writer.
func (e *ears) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard.Write(p)
}

func (e *ears) contain(part []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Contains(e.heard.Bytes(), part)
}

// change makes n coins of one, in a block that all nodes have.
func change(t *testing.T, nodes []*testnet.Node, c purse.Coin, n int) []purse.Coin {
	t.Helper()
	tx := purse.Pay(purse.Payment{Fee: 100_000, Outputs: n}, c)
	if err := nodes[0].Chain().Submit(tx); err != nil {
		t.Fatal(err)
	}
	nodes[0].Mine(1)
	for _, other := range nodes[1:] {
		other.Await(nodes[0], time.Minute)
	}
	return purse.Coins(tx)
}

// Row D1: three of ten nodes swallow every stem, and of a thousand transactions none
// is lost: their embargoes end.
func TestBlackHolesLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("validates and gossips 10,000 transactions: run without -short")
	}
	const count = 1000
	testnet.Run(t, 10, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains)
		coins = change(t, nodes, coins[0], count)
		for _, n := range []*testnet.Node{nodes[2], nodes[5], nodes[8]} {
			listen(n.Host(), "stem")
		}
		honest := []*testnet.Node{nodes[0], nodes[1], nodes[3], nodes[4], nodes[6], nodes[7], nodes[9]}
		var txs []*btcutil.Tx
		for i, c := range coins {
			tx := purse.Pay(purse.Payment{Fee: 1000}, c)
			if err := honest[i%len(honest)].Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			txs = append(txs, tx)
			time.Sleep(50 * time.Millisecond)
		}
		// An embargo with a mean of 16.6 s lasts longer than 5 min once in 7·10⁷.
		time.Sleep(5 * time.Minute)
		for i, n := range nodes {
			lost := 0
			for _, tx := range txs {
				if !n.Chain().Mempool().Have(*tx.Hash()) {
					lost++
				}
			}
			if lost > 0 {
				t.Errorf("node %d lacks %d of %d", i, lost, count)
			}
		}
	})
}

// Row D4, and what a neighbour may know: while transactions are in their stem, ten
// thousand questions and everything that their node sends to a neighbour who is not
// their stem show none of them.
func TestStempoolShowsNothing(t *testing.T) {
	const probes, count = 10_000, 100
	testnet.Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Embargo = 1000 * time.Hour })
		coins = change(t, nodes, coins[0], count)
		origin, spy := nodes[0], nodes[3] // the spy has dialled the origin: no stem goes to it
		one, other := listen(nodes[1].Host(), "stem"), listen(nodes[2].Host(), "stem")
		heard := listen(spy.Host(), "stem", "announce")
		// Streams that were open before would not be heard.
		for _, c := range origin.Host().Network().ConnsToPeer(spy.Host().ID()) {
			for _, s := range c.GetStreams() {
				if s.Protocol() == announce.Spec(params).ID || s.Protocol() == stem.Spec(params).ID {
					_ = s.Reset()
				}
			}
		}
		var hashes []chainhash.Hash
		var txs []*btcutil.Tx
		for _, c := range coins {
			tx := purse.Pay(purse.Payment{Fee: 1000}, c)
			if err := origin.Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			txs, hashes = append(txs, tx), append(hashes, *tx.Hash())
		}
		time.Sleep(time.Second)
		session, err := objects.NewClient(spy.Host(), params).Open(t.Context(), origin.Host().ID())
		if err != nil {
			t.Fatal(err)
		}
		leaks := 0
		for range probes / count {
			if err := session.RequestTxs(t.Context(), hashes); err != nil {
				t.Fatal(err)
			}
			for range hashes {
				r, err := session.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if r.Tx != nil {
					leaks++
				}
			}
			if waiting, err := inventory.NewClient(spy.Host(), params).Mempool(t.Context(), origin.Host().ID()); err != nil || len(waiting) > 0 {
				t.Fatalf("%d transactions wait, %v", len(waiting), err)
			}
		}
		if err := session.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour) // of gossip
		for _, tx := range txs {
			raw := serialize(t, tx)
			if heard.contain(tx.Hash()[:]) || heard.contain(raw) || spy.Chain().Mempool().Have(*tx.Hash()) || origin.Chain().Mempool().Have(*tx.Hash()) {
				leaks++
			}
		}
		if leaks > 0 {
			t.Errorf("%d leaks", leaks)
		}
		// The ears are good: the stem's own peers have heard it all.
		if raw := serialize(t, txs[0]); !one.contain(raw) && !other.contain(raw) {
			t.Error("nobody has heard of the transactions")
		}
	})
}

// Row D4: of two conflicting transactions the one that is fluffed wins, and the owner
// of the other is told.
func TestConflictResolvesToWhatIsFluffed(t *testing.T) {
	testnet.Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Embargo = 1000 * time.Hour })
		for _, n := range nodes[1:] {
			listen(n.Host(), "stem") // it stays in its stem
		}
		stemmed := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		child := purse.Pay(purse.Payment{Fee: 1000}, purse.Coins(stemmed)...)
		for _, tx := range []*btcutil.Tx{stemmed, child} {
			if err := nodes[0].Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
		}
		fluffed := purse.Pay(purse.Payment{Fee: 5000}, coins[0])
		if err := nodes[2].Chain().Submit(fluffed); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute) // others find it by asking
		for i, n := range nodes {
			if !n.Chain().Mempool().Have(*fluffed.Hash()) || n.Chain().Mempool().Have(*stemmed.Hash()) {
				t.Errorf("node %d does not have what was fluffed", i)
			}
		}
		for _, tx := range []*btcutil.Tx{stemmed, child} {
			if e, _ := nodes[0].Own(*tx.Hash()); e.State != journal.Dropped || e.Why != string(events.ConflictTx) {
				t.Errorf("the journal says %s (%s)", e.State, e.Why)
			}
		}
	})
}

// Row D3: a peer that sends a thousand stem transactions a second has a few hundred
// of them looked at, keeps its link, and delays nobody else's.
func TestStemFloodIsBudgeted(t *testing.T) {
	testnet.Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Embargo = 1000 * time.Hour })
		coins = change(t, nodes, coins[0], 2000)
		victim, villain := nodes[0], nodes[2]
		reasons := make(map[events.Reason]int)
		sub := victim.Bus().Subscribe()
		defer sub.Close()
		drain := func() {
			for len(sub.C) > 0 {
				if e, ok := (<-sub.C).(events.TxRefused); ok {
					reasons[e.Reason]++
				}
			}
		}
		sender := stem.NewSender(villain.Host(), params)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sender.Run(ctx) }()
		sender.Join(victim.Host().ID())
		for i, c := range coins {
			sender.Send(victim.Host().ID(), serialize(t, purse.Pay(purse.Payment{Fee: 1000}, c)), func(err error) { t.Errorf("not sent: %v", err) })
			if i%10 == 9 {
				time.Sleep(10 * time.Millisecond)
				drain()
			}
		}
		time.Sleep(time.Second)
		drain()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		// 2 s at 200 a second and a burst of 400 are 800 of 2,000.
		if n := reasons[events.StemBudget]; n < 1150 || n > 1250 {
			t.Errorf("refused %v, want about 1,200 of 2,000 for the budget", reasons)
		}
		if villain.Host().Network().Connectedness(victim.Host().ID()) != network.Connected {
			t.Error("the link was given up: a flood of valid transactions is no proof of guilt")
		}
	})
}

// Row D6: a stem that comes back to a node that has handed it on is fluffed there, at
// once.
func TestLoopIsFluffed(t *testing.T) {
	testnet.Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Embargo = 1000 * time.Hour })
		for _, n := range nodes[1:] {
			listen(n.Host(), "stem")
		}
		tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		if err := nodes[0].Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		sender := stem.NewSender(nodes[2].Host(), params)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sender.Run(ctx) }()
		sender.Join(nodes[0].Host().ID())
		sender.Send(nodes[0].Host().ID(), serialize(t, tx), func(err error) { t.Errorf("not sent: %v", err) })
		spread(t, nodes, tx, 5*time.Second)
		if e, _ := nodes[0].Own(*tx.Hash()); e.FluffedBy != "loop" {
			t.Errorf("fluffed by %s", e.FluffedBy)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func serialize(t *testing.T, tx *btcutil.Tx) []byte {
	t.Helper()
	var w bytes.Buffer
	if err := tx.MsgTx().Serialize(&w); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}
