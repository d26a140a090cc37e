package node

import (
	"context"
	crand "crypto/rand"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multistream"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/memdb"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/inventory"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/store"
)

var (
	floodDials     = flag.Int("flood-dials", 400, "inbound attempts of the flood")
	floodAddresses = flag.Int("flood-addresses", 40, "addresses that they come from, each in a netgroup of its own")
	floodHonest    = flag.Int("flood-honest", 16, "honest inbound peers that are there before")
)

// floodSpan is over what time the attempts come.
const floodSpan = time.Minute

// neighbour is a host that shakes hands and has nothing but the genesis block.
type neighbour struct {
	host      host.Host
	ledger    *status.Ledger
	handshake *status.Handshake
	nonce     uint64
}

func newNeighbour(ctx context.Context, h host.Host, nonce uint64) *neighbour {
	n := &neighbour{host: h, ledger: status.NewLedger(), nonce: nonce}
	n.handshake = status.New(&chaincfg.RegressionNetParams, n, n.ledger, func(network.Conn, status.Status) {})
	server := exchange.NewServer(n.ledger, exchange.DefaultLimits(), func(exchange.Outcome) {})
	for _, p := range []struct {
		spec   exchange.Spec
		handle exchange.Handler
	}{
		{n.handshake.Spec(), n.handshake.Handle},
		{headers.Spec(&chaincfg.RegressionNetParams), headers.NewServer(n).Handle},
		{inventory.Spec(&chaincfg.RegressionNetParams), inventory.NewServer(n).Handle},
	} {
		h.SetStreamHandler(p.spec.ID, server.Handler(ctx, p.spec, p.handle))
	}
	return n
}

// HeadersAfter implements headers.Source.
func (n *neighbour) HeadersAfter([]chainhash.Hash, chainhash.Hash, int) []wire.BlockHeader {
	return nil
}

// BlocksAfter implements inventory.Source.
func (n *neighbour) BlocksAfter([]chainhash.Hash, chainhash.Hash, int) []chainhash.Hash { return nil }

// MempoolHashes implements inventory.Source.
func (n *neighbour) MempoolHashes(peer.ID, int) []chainhash.Hash { return nil }

// Status implements status.Local.
func (n *neighbour) Status() status.Status {
	return status.Status{
		Version: status.Version, Genesis: *chaincfg.RegressionNetParams.GenesisHash,
		Best: *chaincfg.RegressionNetParams.GenesisHash, Time: time.Now(), Nonce: n.nonce, Agent: Agent,
	}
}

// link dials a node and shakes hands.
func (n *neighbour) link(ctx context.Context, to host.Host) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := n.host.Connect(ctx, peer.AddrInfo{ID: to.ID(), Addrs: to.Network().ListenAddresses()}); err != nil {
		return err
	}
	conns := n.host.Network().ConnsToPeer(to.ID())
	if len(conns) == 0 {
		return network.ErrNoConn
	}
	_, err := n.handshake.Greet(ctx, conns[0])
	return err
}

func (n *neighbour) linked(to host.Host) bool {
	return n.host.Network().Connectedness(to.ID()) == network.Connected
}

// target is a whole node on the i-th address, behind its own limits.
func target(t *testing.T, net *testhost.Net, i int, cfg Config) *Node {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	c, err := chain.OpenOn(memdb.New(), chain.Config{UTXOCache: 64 << 10, Signatures: 256}, &chaincfg.RegressionNetParams, store.OpenMemory().View("headers"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := crypto.GenerateEd25519Key(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := cfg.limits().manager()
	if err != nil {
		t.Fatal(err)
	}
	parts := Parts{Chain: c, Store: store.OpenMemory(), Src: rand.NewPCG(uint64(i), 1), Metrics: NewMetrics(), Traffic: NewTraffic()}
	parts.gater = newGater(time.Now, reputation.New(reputation.DefaultConfig(), nil))
	parts.entrance = &entrance{ResourceManager: manager}
	listen, at := net.Plug(t, i)
	h, known, err := newHost(t.Context(), cfg, hostParts{
		key: key, gater: parts.gater, peers: parts.Store.View("peerstore"), metrics: parts.Metrics.registry, traffic: parts.Traffic,
		manager: parts.entrance, also: []libp2p.Option{at, libp2p.DisableIdentifyAddressDiscovery()}, // which stalls a bubble's clock
	})
	if err != nil {
		t.Fatal(err)
	}
	parts.Host = h
	n, err := Assemble(cfg, parts, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }() // ends with the test
	t.Cleanup(func() {
		cancel()
		for _, close := range []func() error{func() error { return <-done }, h.Close, known.Close, manager.Close, c.Close} {
			if err := close(); err != nil {
				t.Errorf("end of the node: %v", err)
			}
		}
	})
	<-n.Ready()
	if err := h.Network().Listen(listen); err != nil {
		t.Fatal(err)
	}
	return n
}

// flood is a crowd of attackers and what became of their attempts.
type flood struct {
	to      *Node
	hello   []byte // a status that fits
	mu      sync.Mutex
	refused int
	greeted int
	silent  int
}

// attempt dials once as a new identity; every other one shakes hands, the others hold
// their connection in silence. It ends when the node ends the connection, or ctx.
func (f *flood) attempt(ctx context.Context, c *testhost.Crowd, number int) {
	bounded, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := c.Dial(bounded, f.to.Host())
	if err != nil {
		f.count(&f.refused)
		return
	}
	defer conn.Close()
	if number%2 == 0 && f.greet(bounded, conn) == nil {
		f.count(&f.greeted)
	} else {
		f.count(&f.silent)
	}
	for ctx.Err() == nil && !conn.IsClosed() {
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (f *flood) count(what *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*what++
}

// greet sends a status over a stream of libp2p's, as far as that takes.
func (f *flood) greet(ctx context.Context, conn network.MuxedConn) error {
	s, err := conn.OpenStream(ctx)
	if err != nil {
		return err
	}
	defer s.Reset()
	deadline, _ := ctx.Deadline()
	if err := s.SetDeadline(deadline); err != nil {
		return err
	}
	if err := multistream.SelectProtoOrFail(f.to.peers.handshake.Spec().ID, s); err != nil {
		return err
	}
	if _, err := s.Write(f.hello); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	_, err = io.ReadAll(s)
	return err
}

// heap is what lives after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestFloodOfDialsCostsNobodyHisLink: thousands of dials, from addresses in as many
// netgroups, as many identities as dials, on libp2p's own transports and limits. The
// node keeps its outbound links and the inbound ones that are worth something, and an
// honest newcomer gets in within 30 s. make flood does it with 10,000 from 250.
func TestFloodOfDialsCostsNobodyHisLink(t *testing.T) {
	if testing.Short() {
		*floodDials, *floodAddresses = *floodDials/2, *floodAddresses/2
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))) // after genesis
		const outbound = 10
		cfg := DefaultConfig()
		cfg.Network, cfg.API, cfg.Rotate, cfg.Outbound = "regtest", "off", 0, outbound
		if *floodDials < 10_000 {
			cfg.MaxPeers = 52 // full soon
		}
		net := testhost.NewNet(t, outbound+*floodHonest+1, 50*time.Millisecond)
		node := target(t, net, outbound+*floodHonest+1, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all []*neighbour
		for i, h := range net.Hosts {
			all = append(all, newNeighbour(ctx, h, uint64(i)+1)) // a small count
		}
		chosen, honest, newcomer := all[:outbound], all[outbound:len(all)-1], all[len(all)-1]
		for _, n := range chosen {
			testhost.Connect(t, node.Host(), n.host)
		}
		for _, n := range honest {
			if err := n.link(ctx, node.Host()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(pingEvery)
		protected := make(map[*neighbour]string)
		for _, n := range honest {
			if why := node.doorman.protects(n.host.ID()); why != "" {
				protected[n] = why
			}
		}
		before := heap()

		payload, err := all[0].Status().Encode()
		if err != nil {
			t.Fatal(err)
		}
		f := &flood{to: node, hello: envelope.Append(nil, chaincfg.RegressionNetParams.Net, "status", payload)}
		evicted := node.Bus().Subscribe()
		defer evicted.Close()
		var wg sync.WaitGroup
		for a := range *floodAddresses {
			crowd := net.NewCrowd(t, len(all)+1+a)
			for k := range *floodDials / *floodAddresses {
				wg.Go(func() {
					wait := floodSpan * time.Duration(k**floodAddresses+a) / time.Duration(*floodDials)
					select {
					case <-ctx.Done():
					case <-time.After(wait):
						f.attempt(ctx, crowd, k+a)
					}
				})
			}
		}
		time.Sleep(floodSpan / 2)
		middle, tries, began := heap(), 0, time.Now()
		for pause := time.Second; newcomer.link(ctx, node.Host()) != nil; pause *= 2 {
			time.Sleep(pause)
			tries++
		}
		cameIn := time.Since(began)
		time.Sleep(floodSpan)
		after := max(middle, heap())

		if cameIn > 30*time.Second || !newcomer.linked(node.Host()) {
			t.Errorf("the newcomer was in after %v; is it still: %v", cameIn, newcomer.linked(node.Host()))
		}
		for i, n := range chosen {
			if !n.linked(node.Host()) {
				t.Errorf("outbound link %d is gone: %+v", i, node.peers.departure(n.host.ID()))
			}
		}
		kept := 0
		for _, n := range honest {
			if n.linked(node.Host()) {
				kept++
			} else if why := protected[n]; why != "" {
				t.Errorf("a link that was protected as %s is gone: %+v", why, node.peers.departure(n.host.ID()))
			}
		}
		grown := int64(after) - int64(before)
		if grown > 128<<20 {
			t.Errorf("the heap of both sides has grown by %d MB", grown>>20)
		}
		if in := len(node.doorman.links()); in > cfg.limits().Inbound {
			t.Errorf("%d inbound links", in)
		}
		t.Logf("%d dials from %d netgroups: %d refused, %d greeted, %d silent; %s evicted", *floodDials, *floodAddresses, f.refused, f.greeted, f.silent, departed(evicted, events.Evicted))
		t.Logf("outbound kept %d of %d, honest inbound %d of %d (%d of them protected), newcomer in %v after %d refusals, heap +%.1f MB",
			outbound, outbound, kept, len(honest), len(protected), cameIn, tries, float64(grown)/1e6)
		cancel()
		wg.Wait()
	})
}

// departed counts the peers that went for a reason.
func departed(sub *Subscription, why events.Reason) string {
	n := 0
	for {
		select {
		case e := <-sub.C:
			if down, ok := e.(events.PeerDown); ok && down.Reason == why {
				n++
			}
			continue
		default:
		}
		return fmt.Sprintf("at least %d", n)
	}
}
