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
