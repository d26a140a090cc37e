package seeder

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/pappus-network/pappus/discovery/dnsseed"
)

type some []Host

func (s some) Hosts() []Host { return s }

// serve runs a server on a free port of loopback until the test ends.
func serve(t *testing.T, hosts []Host) *Server {
	t.Helper()
	s, err := Listen(t.Context(), "127.0.0.1:0", zone(t), some(hosts), rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }() // ends with cancel
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return s
}

// A node's own resolver finds the peers that the seeder names, by UDP and by TCP.
func TestNodesFindPeersByASeedersName(t *testing.T) {
	s := serve(t, crowd(t, 100))
	resolver, err := dnsseed.System(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	a, err := dnsseed.Ask(t.Context(), resolver, "seed.example")
	if err != nil || len(a.Peers) < 3 || a.Ignored != 0 {
		t.Fatalf("the seed names %d peers, %d records are ignored, %v", len(a.Peers), a.Ignored, err)
	}
	for _, network := range []string{"udp", "tcp"} {
		c := dns.Client{Net: network}
		m, _, err := c.ExchangeContext(t.Context(), question("_dnsaddr.seed.example.", dns.TypeTXT), s.Addr())
		if err != nil || len(m.Answer) == 0 || (network == "tcp") != (len(m.Answer) == mostPeers) {
			t.Errorf("%s: %d peers, %v", network, len(m.Answer), err)
		}
	}
}

func TestLimiterAnswersEachNetworkSoOften(t *testing.T) {
	var l limiter
	now := time.Unix(1_800_000_000, 0)
	count := func(ip string, n int) (allowed int) {
		for range n {
			if l.allow(now, netip.MustParseAddr(ip)) {
				allowed++
			}
		}
		return allowed
	}
	if got := count("192.0.2.1", 100); got != burst {
		t.Errorf("%d of 100 at once are answered, want %d", got, burst)
	}
	if got := count("::ffff:192.0.2.99", 5); got != 0 {
		t.Errorf("a neighbour has %d answers of its own", got)
	}
	if got := count("2001:db8::1", 5); got != 5 {
		t.Errorf("somebody else has %d of 5 answers", got)
	}
	now = now.Add(2 * time.Second)
	if got := count("192.0.2.1", 100); got != 2*perSecond {
		t.Errorf("%d of 100 are answered two seconds later, want %d", got, 2*perSecond)
	}
	for i := range 3 * maxClients {
		l.allow(now, netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1})) // bytes of a counter
	}
	if len(l.clients) > maxClients {
		t.Errorf("%d clients are remembered", len(l.clients))
	}
}
