package syncbench

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p"
	libp2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/blocksync"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/store"
)

// benchHeaders is how many headers are synced: enough that connecting does not
// count.
const benchHeaders = 100_000

// everybody admits everybody: the handshake is not what is measured.
type everybody struct{}

func (everybody) Admit(context.Context, libp2pnet.Conn) error { return nil }

// tree serves a header tree.
type tree struct{ *headertree.Tree }

func (t tree) HeadersAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader {
	return t.After(locator, stop, most)
}

// BenchmarkHeaders compares headers synced from a peer on loopback with the same
// headers accepted from memory, both validated and written to disk.
func BenchmarkHeaders(b *testing.B) {
	params := &chaincfg.SimNetParams
	all := chaingen.Headers(params.GenesisBlock.Header, benchHeaders, 1)
	now := all[len(all)-1].Timestamp.Add(time.Hour)
	served := headertree.New(params)
	if _, err := served.Add(now, all); err != nil {
		b.Fatal(err)
	}
	if now.After(time.Now()) {
		b.Fatalf("the headers end in the future, at %v", now)
	}
	var memory, synced time.Duration
	for b.Loop() {
		c := openChain(b, params)
		begun := time.Now()
		for from := 0; from < len(all); from += headers.MaxHeaders {
			if _, err := c.AcceptHeaders(time.Now(), all[from:min(from+headers.MaxHeaders, len(all))]); err != nil {
				b.Fatal(err)
			}
		}
		memory += time.Since(begun)
		synced += syncHeaders(b, params, tree{served})
	}
	b.ReportMetric(float64(benchHeaders)*float64(b.N)/memory.Seconds(), "memory-headers/s")
	b.ReportMetric(float64(benchHeaders)*float64(b.N)/synced.Seconds(), "synced-headers/s")
	b.ReportMetric(memory.Seconds()/synced.Seconds(), "synced/memory")
}

func openChain(b *testing.B, params *chaincfg.Params) *chain.Chain {
	b.Helper()
	dir := b.TempDir()
	db, err := store.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	c, err := chain.Open(chain.DefaultConfig(filepath.Join(dir, "chain")), params, db.View("headers"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

// syncHeaders returns the time from a peer's joining until all its headers are
// in the index.
func syncHeaders(b *testing.B, params *chaincfg.Params, src headers.Source) time.Duration {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	server, err := rawHost(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		b.Fatal(err)
	}
	client, err := rawHost(libp2p.NoListenAddrs)
	if err != nil {
		b.Fatal(err)
	}
	spec := headers.Spec(params)
	exchanges := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(exchange.Outcome) {})
	server.SetStreamHandler(spec.ID, exchanges.Handler(ctx, spec, headers.NewServer(src).Handle))
	if err := client.Connect(ctx, peer.AddrInfo{ID: server.ID(), Addrs: server.Addrs()}); err != nil {
		b.Fatal(err)
	}
	c := openChain(b, params)
	done := make(chan struct{})
	emit := func(e events.Event) {
		if h, ok := e.(events.HeadersAdded); ok && h.Height == benchHeaders {
			close(done)
		}
	}
	peers := blocksync.Peers{Headers: headers.NewClient(client, params), Blocks: objects.NewClient(client, params)}
	s := blocksync.New(blocksync.DefaultConfig(), params, c, peers, peers, func(_ peer.ID, err error) { b.Log(err) },
		emit, slog.New(slog.DiscardHandler), rand.NewPCG(1, 1))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	begun := time.Now()
	s.Join(server.ID(), chainhash.Hash{}, benchHeaders, false) // no blocks from it
	<-done
	took := time.Since(begun)
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	for _, h := range []interface{ Close() error }{client, server} {
		if err := h.Close(); err != nil {
			b.Error(err)
		}
	}
	return took
}
