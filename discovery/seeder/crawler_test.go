package seeder

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"

	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/status"
)

var params = &chaincfg.RegressionNetParams

// citizen is a full node as far as a crawler sees one. It tells of its friends.
type citizen struct {
	host    host.Host
	nonce   uint64
	friends []addrlist.Entry
}

func (c *citizen) Status() status.Status {
	return status.Status{
		Version: status.Version, Services: status.Full, Genesis: *params.GenesisHash, Height: 5, Best: *params.GenesisHash,
		Work: new(big.Int), Time: time.Now(), Nonce: c.nonce, Agent: "pappus/test",
	}
}

func (c *citizen) Share() ([]addrlist.Entry, uint64) { return c.friends, 1 }

// serve registers what a crawler asks for.
func (c *citizen) serve(ctx context.Context) {
	ledger := status.NewLedger()
	server := exchange.NewServer(ledger, exchange.DefaultLimits(), func(exchange.Outcome) {})
	handshake := status.New(params, c, ledger, func(network.Conn, status.Status) {})
	c.host.SetStreamHandler(handshake.Spec().ID, server.Handler(ctx, handshake.Spec(), handshake.Handle))
	spec := addresses.Spec(params)
	c.host.SetStreamHandler(spec.ID, server.Handler(ctx, spec, addresses.NewServer(c).Handle))
}

// knows makes a citizen tell of another one, by the record that it signs.
func (c *citizen) knows(t *testing.T, o host.Host) {
	t.Helper()
	e, err := record.Seal(peer.PeerRecordFromAddrInfo(peer.AddrInfo{ID: o.ID(), Addrs: o.Addrs()}), o.Peerstore().PrivKey(o.ID()))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	c.friends = append(c.friends, addrlist.Entry{Seen: time.Now(), Record: raw})
}

// From one peer a crawler finds those that it knows, and those that they know; it
// names who answers, leaves nobody's connection open, and names nobody who has gone.
func TestCrawlerFindsTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 6, 50*time.Millisecond)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var citizens []*citizen
		for i, h := range hosts[1:] {
			c := &citizen{host: h, nonce: uint64(i) + 2} // a small count
			c.serve(ctx)
			citizens = append(citizens, c)
		}
		for i, c := range citizens[:4] {
			c.knows(t, citizens[i+1].host)
		}
		ledger := status.NewLedger()
		greet := status.New(params, &citizen{host: hosts[0], nonce: 1}, ledger, func(network.Conn, status.Status) {})
		first := []peer.AddrInfo{{ID: citizens[0].host.ID(), Addrs: citizens[0].host.Addrs()}}
		crawler := NewCrawler(hosts[0], greet, addresses.NewClient(hosts[0], params, addrlist.Dialable), first, slog.New(slog.DiscardHandler))
		done := make(chan error, 1)
		go func() { done <- crawler.Run(ctx) }() // ends with cancel
		time.Sleep(time.Minute)
		if n := len(crawler.Hosts()); n != 5 || crawler.Known() != 5 {
			t.Errorf("%d are named of %d known, want 5", n, crawler.Known())
		}
		if n := len(hosts[0].Network().Conns()); n != 0 {
			t.Errorf("%d connections are left open", n)
		}
		_ = hosts[5].Close()
		time.Sleep(revisit + time.Minute)
		if n := len(crawler.Hosts()); n != 4 {
			t.Errorf("%d are named, one of five has gone", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the crawler ended with %v", err)
		}
	})
}

func TestHealthPageTellsWhetherThereIsAnybodyToName(t *testing.T) {
	for named, want := range map[int]int{0: http.StatusServiceUnavailable, 3: http.StatusOK} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		HealthPage(func() Health { return Health{Zone: "seed.example", Named: named} }).ServeHTTP(w, r)
		var h Health
		if err := json.Unmarshal(w.Body.Bytes(), &h); err != nil || w.Code != want || h.Named != named {
			t.Errorf("%d named: %d %s, %v", named, w.Code, w.Body, err)
		}
	}
}
