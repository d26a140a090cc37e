package dandelion

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func tx(n int) (h chainhash.Hash) {
	binary.BigEndian.PutUint64(h[:], uint64(n)) // a small count
	return h
}

func peers(n int) []Peer {
	all := make([]Peer, n)
	for i := range all {
		all[i] = Peer{ID: peer.ID(fmt.Sprintf("out%02d", i)), Group: fmt.Sprint(i)}
	}
	return all
}

func inbound(n int) peer.ID { return peer.ID(fmt.Sprintf("in%03d", n)) }

// relaying is the default without diffusers, so that a story says what happens.
func relaying() Config {
	cfg := DefaultConfig()
	cfg.FluffChance = 0
	return cfg
}

func router(cfg Config, seed uint64, outbound int) *Router {
	r := NewRouter(cfg, rand.NewPCG(seed, seed), start())
	r.SetPeers(start(), peers(outbound))
	return r
}

// one returns the only action, which must be of type A.
func one[A Action](tb testing.TB, actions []Action) A {
	tb.Helper()
	if len(actions) == 1 {
		if a, ok := actions[0].(A); ok {
			return a
		}
	}
	var want A
	tb.Fatalf("got %#v, want one %T", actions, want)
	return want
}

// ledger is what a user knows of the transactions that it gave to a router. Each
// is open, under one embargo that does not change, until it is fluffed or seen.
type ledger struct {
	testing.TB
	open   map[chainhash.Hash]time.Time // until; zero if not told yet
	ended  map[chainhash.Hash]bool
	handed map[chainhash.Hash][]peer.ID
}

func (l *ledger) given(tx chainhash.Hash) { l.open[tx] = time.Time{} }

func (l *ledger) end(tx chainhash.Hash) {
	delete(l.open, tx)
	l.ended[tx] = true
}

func (l *ledger) embargo(tx chainhash.Hash, until time.Time) {
	before, ok := l.open[tx]
	if !ok || until.IsZero() || !before.IsZero() && before != until {
		l.Fatalf("%v until %v, which was %v (open: %v)", tx, until, before, ok)
	}
	l.open[tx] = until
}

func (l *ledger) apply(now time.Time, actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Fluff:
			until, ok := l.open[a.Tx]
			if !ok || l.ended[a.Tx] {
				l.Fatalf("%v is fluffed, open %v, ended %v", a.Tx, ok, l.ended[a.Tx])
			}
			if a.Cause == Embargo && now.Before(until) {
				l.Fatalf("%v is fluffed at %v, before its embargo ends at %v", a.Tx, now, until)
			}
			l.end(a.Tx)
		case Stem:
			l.embargo(a.Tx, a.Until)
			l.handed[a.Tx] = append(l.handed[a.Tx], a.To)
			if len(l.handed[a.Tx]) > 2 {
				l.Fatalf("%v went to %d peers", a.Tx, len(l.handed[a.Tx]))
			}
		case Wait:
			l.embargo(a.Tx, a.Until)
		}
	}
}

// check compares the ledger with what the router says that it holds.
func (l *ledger) check(r *Router, now time.Time) {
	if r.Next().After(r.ends) || !now.Before(r.ends) {
		l.Fatalf("at %v: next at %v, the epoch ends at %v", now, r.Next(), r.ends)
	}
	if r.Len() != len(l.open) {
		l.Fatalf("%d are held, %d neither fluffed nor seen", r.Len(), len(l.open))
	}
	for tx, until := range l.open {
		held, ok := r.Held(tx)
		if !ok || held.Until != until || !now.Before(until) || held.Stemmed != (len(l.handed[tx]) > 0) {
			l.Fatalf("%v is held as %v, %v; want until %v", tx, held, ok, until)
		}
		if r.Next().After(until) {
			l.Fatalf("next at %v, after the end of an embargo at %v", r.Next(), until)
		}
	}
}

// random drives a router by a seed for 600 events and until nothing is held, and
// returns the hash of all its actions.
func random(tb testing.TB, seed uint64) uint64 {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 99))
	cfg := DefaultConfig()
	cfg.Routing, cfg.Diffusing = Routing(seed%4), Diffusing(seed/4%2)
	cfg.Stems = 1 + int(seed/8%3)
	r := NewRouter(cfg, rand.NewPCG(seed, 1), start())
	l := &ledger{tb, make(map[chainhash.Hash]time.Time), make(map[chainhash.Hash]bool), make(map[chainhash.Hash][]peer.ID)}
	now, trace := start(), fnv.New64a()
	did := func(actions []Action) {
		for _, a := range actions {
			fmt.Fprintf(trace, "%T%v", a, a)
		}
		l.apply(now, actions)
	}
	for i := range 600 {
		now = now.Add(time.Duration(rng.Int64N(int64(4 * time.Second))))
		old := tx(rng.IntN(i + 1))
		_, open := l.open[old]
		switch event := rng.IntN(7); {
		case event == 0:
			l.given(tx(i))
			did(r.Submit(now, tx(i)))
		case event <= 2:
			l.given(tx(i))
			did(r.Relay(now, tx(i), inbound(rng.IntN(5))))
		case event == 3 && open:
			did(r.Relay(now, old, "loop"))
		case event == 4 && open:
			r.Seen(old)
			l.end(old)
		case event == 5 && len(l.handed[old]) > 0:
			did(r.Failed(now, old, l.handed[old][rng.IntN(len(l.handed[old]))]))
		case event == 6:
			did(r.SetPeers(now, peers(rng.IntN(5))))
		}
		did(r.Tick(now))
		l.check(r, now)
	}
	for r.Len() > 0 {
		now = r.Next()
		did(r.Tick(now))
	}
	l.check(r, now)
	return trace.Sum64()
}

// Whatever happens, each transaction is held under an embargo, or has been
// fluffed, or seen; never two of them and never none. And the same seed gives the
// same actions: a map's order reaches none of them.
func TestNoTransactionIsLost(t *testing.T) {
	traces := make(map[uint64]uint64)
	for seed := range uint64(240) {
		trace := random(t, seed)
		if again := random(t, seed); trace != again {
			t.Fatalf("seed %d gives two traces", seed)
		}
		if other, ok := traces[trace]; ok {
			t.Fatalf("seeds %d and %d give one trace", seed, other)
		}
		traces[trace] = seed
	}
}

// idle makes routers as a simulation has them: eight links, no transaction.
func idle(n int) []*Router {
	links := peers(8)
	routers := make([]*Router, n)
	for i := range routers {
		routers[i] = NewRouter(DefaultConfig(), rand.NewPCG(1, uint64(i)), start())
		routers[i].SetPeers(start(), links)
	}
	return routers
}

// A simulation has 35,000 of them in one process.
func TestIdleRouterTakesLessThanOneKilobyte(t *testing.T) {
	const n = 4000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	routers := idle(n)
	for _, r := range routers { // one that has held something is as small again
		r.Submit(start(), tx(1))
		r.Seen(tx(1))
		r.Tick(r.ends)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if size := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n; size >= 1024 {
		t.Errorf("a router takes %d bytes", size)
	}
	runtime.KeepAlive(routers)
}

func BenchmarkRelay(b *testing.B) {
	r := router(relaying(), 1, 8)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		r.Relay(start(), tx(n), "in")
		r.Seen(tx(n))
	}
}

// BenchmarkEpoch is one router's new epoch, which costs the most without traffic.
func BenchmarkEpoch(b *testing.B) {
	r := router(relaying(), 1, 8)
	b.ReportAllocs()
	for b.Loop() {
		r.Tick(r.Next())
	}
}

// BenchmarkNetwork makes the routers of a network of 35,000 nodes and hands one
// transaction through all of them.
func BenchmarkNetwork(b *testing.B) {
	const n = 35_000
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range idle(n) {
			r.Relay(start(), tx(1), "in")
			r.Seen(tx(1))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/router")
}
