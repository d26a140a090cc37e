package node_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
)

// tapped is a host that keeps every byte that comes to it, decrypted, over any stream that
// its node speaks on: all that a neighbour can see but for identify and ping, which libp2p
// answers by itself.
type tapped struct {
	host.Host
	heard *ears
}

func (h tapped) SetStreamHandler(id protocol.ID, f network.StreamHandler) {
	h.Host.SetStreamHandler(id, func(s network.Stream) { f(tappedStream{s, h.heard}) })
}

func (h tapped) SetStreamHandlerMatch(id protocol.ID, match func(protocol.ID) bool, f network.StreamHandler) {
	h.Host.SetStreamHandlerMatch(id, match, func(s network.Stream) { f(tappedStream{s, h.heard}) })
}

func (h tapped) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, p, ids...)
	if err != nil {
		return nil, err
	}
	return tappedStream{s, h.heard}, nil
}

type tappedStream struct {
	network.Stream
	heard *ears
}

func (s tappedStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	_, _ = s.heard.Write(p[:n]) // a buffer takes everything
	return n, err
}

// forget drops what was heard so far, and says how much it was.
func (e *ears) forget() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.heard.Len()
	e.heard.Reset()
	return n
}

// traces are the ways in which bytes can tell of a transaction: itself, its ids in either
// order and as text, what it spends, whom it pays.
func traces(t *testing.T, tx *btcutil.Tx) map[string][]byte {
	t.Helper()
	all := map[string][]byte{
		"the transaction": serialize(t, tx), "its id": tx.Hash()[:], "its id as text": []byte(tx.Hash().String()),
		"its id in hexadecimal": []byte(hex.EncodeToString(tx.Hash()[:])), "its wtxid": tx.WitnessHash()[:],
		"what it spends": tx.MsgTx().TxIn[0].PreviousOutPoint.Hash[:], "whom it pays": tx.MsgTx().TxOut[1].PkScript,
	}
	backwards := bytes.Clone(tx.Hash()[:])
	slices.Reverse(backwards)
	all["its id backwards"] = backwards
	return all
}

// Mechanism 3, and issue 3's spy: a neighbour to whom no stem leads hears, of all that its
// peers send it over every protocol that there is, nothing of a transaction before its
// fluff; and what identify tells of its owner is what it tells of anybody.
func TestNothingThatANeighbourHearsTellsOfAStem(t *testing.T) {
	testnet.Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
		hosts := testhost.New(t, 4, 50*time.Millisecond)
		spy := tapped{hosts[3], new(ears)} // it has dialled the owner: no stem goes to it
		hosts[3] = spy
		nodes, coins := ringOf(t, hosts, chains, func(cfg *node.Config) { cfg.Embargo = 1000 * time.Hour })
		for _, n := range nodes[1:3] {
			listen(n.Host(), "stem")
		}
		owner := nodes[0]
		if spy.heard.forget() == 0 {
			t.Fatal("the tap is deaf: a chain has come over it")
		}
		// A mark that is nowhere else stands for the wallet's key.
		tx := purse.Pay(purse.Payment{Fee: 1000, Padding: 40}, coins[0])
		copy(tx.MsgTx().TxOut[1].PkScript[5:], "whoever reads this knows")
		tx = btcutil.NewTx(tx.MsgTx())
		if err := owner.Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		owner.Mine(1)                // a block, its announcement and gossip go by
		time.Sleep(10 * time.Minute) // and heartbeats, pings, questions for mempools
		for what, trace := range traces(t, tx) {
			if spy.heard.contain(trace) {
				t.Errorf("a neighbour hears %s", what)
			}
		}
		if n := spy.heard.forget(); n < 1000 {
			t.Errorf("it has heard %d bytes in ten minutes: that proves little", n)
		}
		alike(t, spy, owner.Host().ID(), nodes[1].Host().ID())

		// The fluff it hears: the tap is good.
		if err := nodes[1].Chain().Submit(tx); err != nil {
			t.Fatal(err)
		}
		spread(t, nodes[3:], tx, 3*time.Minute) // it finds it by asking
		if !spy.heard.contain(serialize(t, tx)) {
			t.Error("nor does it hear the fluff: the story tells nothing")
		}
	})
}

// alike checks that identify has told the same of two peers.
func alike(t *testing.T, h host.Host, a, b peer.ID) {
	t.Helper()
	for _, key := range []string{"AgentVersion", "ProtocolVersion"} {
		x, errX := h.Peerstore().Get(a, key)
		y, errY := h.Peerstore().Get(b, key)
		if errX != nil || errY != nil || x != y {
			t.Errorf("%s: %v and %v (%v, %v)", key, x, y, errX, errY)
		}
	}
	x, errX := h.Peerstore().GetProtocols(a)
	y, errY := h.Peerstore().GetProtocols(b)
	slices.Sort(x)
	slices.Sort(y)
	if errX != nil || errY != nil || len(x) == 0 || !slices.Equal(x, y) {
		t.Errorf("protocols %v and %v (%v, %v)", x, y, errX, errY)
	}
}
