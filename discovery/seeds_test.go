package discovery

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/store"
)

// names answers for seeds; the others are dead.
type names struct {
	mu    sync.Mutex
	zone  map[string][]string
	asked map[string]int
}

func (n *names) LookupTXT(_ context.Context, name string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.asked == nil {
		n.asked = make(map[string]int)
	}
	n.asked[name]++
	if records, ok := n.zone[name]; ok {
		return records, nil
	}
	return nil, errors.New("no such host")
}

func (n *names) count() (total int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.asked {
		total += c
	}
	return total
}

func naming(hosts ...host.Host) []string {
	var records []string
	for _, h := range hosts {
		for _, a := range h.Addrs() {
			records = append(records, "dnsaddr="+a.String()+"/p2p/"+h.ID().String())
		}
	}
	return records
}

// A node that knows nobody but the names of seeds, of which one is dead and one lies,
// has links within a minute; with links it asks no seed again.
func TestNodesBeginWithSeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 5, 20*time.Millisecond)
		dns := &names{zone: map[string][]string{
			"_dnsaddr.good.example": naming(hosts[1:]...),
			"_dnsaddr.lies.example": {"dnsaddr=nonsense"},
		}}
		seeds := []string{"dead.example", "lies.example", "good.example"}
		m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 4)
		for i, h := range hosts[1:] {
			start(t, h, store.OpenMemory().View("addrbook"), uint64(i)+2, 0) // a small count
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- m.Seed(ctx, dns, seeds, rand.NewPCG(1, 1)) }() // ends with cancel
		time.Sleep(time.Minute)
		if n := m.outbound(); n < enough {
			t.Errorf("%d links a minute after the start", n)
		}
		before := dns.count()
		time.Sleep(3 * seedsAgain)
		if n := dns.count(); n != before || n == 0 {
			t.Errorf("seeds were asked %d times, %d of them with links up", n, n-before)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("asking ended with %v", err)
		}
	})
}

// A node whose seeds are dead gets its links from the peers that are built in after a
// minute, and at once if it has no seed to ask; one that has links lets them be.
func TestFixedSeedsComeLast(t *testing.T) {
	for name, tt := range map[string]struct {
		asked, linked bool
		before, after int // links of its own half a minute and two minutes after the start
	}{
		"DNS is dead":     {asked: true, before: 0, after: 1},
		"no seed is told": {before: 1, after: 1},
		"a link is up":    {asked: true, linked: true, before: 1, after: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := testhost.New(t, 3, 20*time.Millisecond)
				m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 2)
				for i, h := range hosts[1:] {
					start(t, h, store.OpenMemory().View("addrbook"), uint64(i)+2, 0) // a small count
				}
				if tt.linked {
					if _, err := m.Learn(hosts[1].ID(), hosts[1].Addrs(), nil, 0, time.Now()); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second)
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- m.Fixed(ctx, []peer.AddrInfo{{ID: hosts[2].ID(), Addrs: hosts[2].Addrs()}}, tt.asked) }() // ends by itself
				time.Sleep(30 * time.Second)
				before := m.outbound()
				time.Sleep(90 * time.Second)
				if after := m.outbound(); before != tt.before || after != tt.after {
					t.Errorf("%d links and then %d, want %d and %d", before, after, tt.before, tt.after)
				}
				m.mu.Lock()
				e, known := m.book.Lookup(hosts[2].ID())
				fixed := known && m.origin(e).Source == events.FromFixed
				m.mu.Unlock()
				if fixed == tt.linked {
					t.Errorf("the built-in peer was put into the book: %v", fixed)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A node with a book of peers that answer bothers no seed.
func TestBookComesBeforeSeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 4, 20*time.Millisecond)
		ds := store.OpenMemory().View("addrbook")
		for i, h := range hosts[1:] {
			start(t, h, store.OpenMemory().View("addrbook"), uint64(i)+2, 0) // a small count
		}
		dns := &names{zone: map[string][]string{"_dnsaddr.good.example": naming(hosts[1:]...)}}
		for run := range 2 {
			m := start(t, hosts[0], ds, 1, 3)
			before := dns.count()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- m.Seed(ctx, dns, []string{"good.example"}, rand.NewPCG(1, 1)) }() // ends with cancel
			time.Sleep(5 * time.Minute)
			if n := m.outbound(); n < enough {
				t.Errorf("run %d: %d links", run, n)
			}
			if asked := dns.count() - before; asked != 1-run {
				t.Errorf("run %d: seeds were asked %d times", run, asked)
			}
			cancel()
			<-done
			m.end(t)
		}
	})
}
