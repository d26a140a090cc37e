package relaybench

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/stem"
	"github.com/pappus-network/pappus/relay"
	"github.com/pappus-network/pappus/relay/gossip"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/relay/stempool"
	"github.com/pappus-network/pappus/store"
)

// edges is how many hosts send stems: their budgets add up to 1,600 a second.
const edges = 8

func tcpHost(b *testing.B) host.Host {
	b.Helper()
	h, err := libp2p.New(libp2p.Transport(tcp.NewTCPTransport), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.ResourceManager(&network.NullResourceManager{}), libp2p.DisableRelay(), libp2p.DisableMetrics())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := h.Close(); err != nil {
			b.Error(err)
		}
	})
	return h
}

type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// counting takes what gossip brings and counts it.
type counting struct{ arrived chan chainhash.Hash }

func (c counting) Tx(_ context.Context, _ peer.ID, tx *btcutil.Tx) gossip.Verdict {
	c.arrived <- *tx.Hash()
	return gossip.Accept
}

func (counting) Block(context.Context, peer.ID, wire.BlockHeader) gossip.Verdict {
	return gossip.Ignore
}

// silent takes nothing: the relay's own side of gossip.
type silent struct{ counting }

func parts(h host.Host, sink gossip.Sink) gossip.Parts {
	return gossip.Parts{
		Host: h, Sink: sink, Admitted: func(peer.ID) bool { return true }, Seen: func(chainhash.Hash, peer.ID) {},
		Charge: func(peer.ID, error) {}, Log: slog.New(slog.DiscardHandler),
	}
}

// run runs something until the benchmark ends.
func run(b *testing.B, f func(context.Context) error) {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkLoopback sends signed transactions as stems over TCP, TLS and yamux from
// eight hosts to a relay with the budgets that nodes have, which fluffs them all, and
// waits until a ninth host has them by gossipsub. All ten share this machine.
func BenchmarkLoopback(b *testing.B) {
	var took time.Duration
	for b.Loop() {
		took += loopback(b)
	}
	b.ReportMetric(load*float64(b.N)/took.Seconds(), "tx/s")
}

// loopback sends the load once, over hosts and a chain of its own.
func loopback(b *testing.B) time.Duration {
	b.Helper()
	params := &chaincfg.SimNetParams
	c, txs := signed(b)
	h, listener := tcpHost(b), tcpHost(b)
	heard := counting{make(chan chainhash.Hash, load)}
	ears := gossip.New(params, true, parts(listener, heard))
	run(b, ears.Run)
	mouth := gossip.New(params, true, parts(h, silent{}))
	run(b, mouth.Run)
	own, _, err := journal.Open(b.Context(), store.OpenMemory().View("journal"))
	if err != nil {
		b.Fatal(err)
	}
	cfg := relay.DefaultConfig()
	cfg.Dandelion.FluffChance = 1
	r, err := relay.New(cfg, relay.Parts{
		Pool: c.Mempool(), Shelf: stempool.NewShelf(store.OpenMemory().View("stempool")), Journal: own, Announce: carrier{}, Stem: carrier{}, Gossip: mouth,
		Objects: objects.NewClient(h, params), Mempools: carrier{}, Charge: func(peer.ID, error) {}, Emit: func(events.Event) {},
		Log: slog.New(slog.DiscardHandler), Src: source{},
	})
	if err != nil {
		b.Fatal(err)
	}
	run(b, r.Run)
	server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(exchange.Outcome) {})
	h.SetStreamHandler(stem.Spec(params).ID, server.Handler(b.Context(), stem.Spec(params), stem.NewServer(r).Handle))
	connect := func(from host.Host) {
		if err := from.Connect(b.Context(), peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()}); err != nil {
			b.Fatal(err)
		}
	}
	connect(listener)
	var senders []*stem.Sender
	for range edges {
		from := tcpHost(b)
		connect(from)
		s := stem.NewSender(from, params)
		run(b, s.Run)
		s.Join(h.ID())
		senders = append(senders, s)
	}
	// Until a first message has come through, the mesh is not there.
	ready := time.NewTicker(100 * time.Millisecond)
	defer ready.Stop()
	for nonce, up := uint32(0), false; !up; nonce++ {
		probe := wire.NewMsgTx(2)
		probe.AddTxIn(&wire.TxIn{Sequence: nonce})
		probe.AddTxOut(wire.NewTxOut(0, make([]byte, 10)))
		if err := mouth.PublishTx(b.Context(), btcutil.NewTx(probe), ""); err != nil {
			b.Fatal(err)
		}
		select {
		case <-heard.arrived:
			up = true
		case <-ready.C:
		}
	}
	begun := time.Now()
	mine := make(map[chainhash.Hash]bool)
	for i, tx := range txs {
		var w bytes.Buffer
		if err := tx.MsgTx().Serialize(&w); err != nil {
			b.Fatal(err)
		}
		mine[*tx.Hash()] = true
		senders[i%edges].Send(h.ID(), w.Bytes(), func(err error) { b.Errorf("not sent: %v", err) })
	}
	for len(mine) > 0 {
		delete(mine, <-heard.arrived)
	}
	return time.Since(begun)
}
