package spread

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// world drives a Schedule at random and keeps account of what each peer should
// and must not hear.
type world struct {
	t     testing.TB
	r     *rand.Rand
	cfg   Config
	s     *Schedule
	now   time.Time
	trace hash.Hash

	peers   []peer.ID
	inbound map[peer.ID]bool
	owed    map[peer.ID]map[chainhash.Hash]time.Time // since when
	claims  map[peer.ID]map[chainhash.Hash]bool      // known before added
	added   []chainhash.Hash
	made    int
	lost    uint64 // announcements owed to peers that left, or came to know
	heard   uint64
	owing   uint64
}

func newWorld(tb testing.TB, seed uint64) *world {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	cfg := Diffusion()
	if r.IntN(3) == 0 {
		cfg = Flooding()
	}
	cfg.MaxQueue, cfg.MaxBatch = 1+r.IntN(100), 1+r.IntN(20)
	return &world{
		t: tb, r: r, cfg: cfg, now: begin, trace: sha256.New(),
		s:       New(cfg, rand.NewPCG(seed, 2), begin),
		inbound: map[peer.ID]bool{}, owed: map[peer.ID]map[chainhash.Hash]time.Time{},
		claims: map[peer.ID]map[chainhash.Hash]bool{},
	}
}

func (w *world) join() {
	p := peer.ID(fmt.Sprint(w.r.IntN(30)))
	if w.owed[p] != nil {
		return
	}
	w.inbound[p] = w.r.IntN(2) == 0
	w.s.Join(w.now, p, w.inbound[p])
	w.peers = append(w.peers, p)
	w.owed[p], w.claims[p] = map[chainhash.Hash]time.Time{}, map[chainhash.Hash]bool{}
}

func (w *world) leave() {
	if len(w.peers) == 0 {
		return
	}
	i := w.r.IntN(len(w.peers))
	p := w.peers[i]
	w.s.Leave(p)
	w.lost += uint64(len(w.owed[p]))
	w.peers = slices.Delete(w.peers, i, i+1)
	delete(w.owed, p)
	delete(w.claims, p)
}

// claim makes a peer know a transaction that comes, waits or was announced.
func (w *world) claim() {
	if len(w.peers) == 0 {
		return
	}
	p := w.peers[w.r.IntN(len(w.peers))]
	tx := chainhash.Hash(sha256.Sum256([]byte(fmt.Sprint(w.made + w.r.IntN(10) - 8))))
	w.s.Knows(p, tx)
	if slices.Contains(w.added, tx) {
		if _, ok := w.owed[p][tx]; ok {
			delete(w.owed[p], tx)
			w.lost++
		}
		return
	}
	w.claims[p][tx] = true
}

func (w *world) add() {
	tx := chainhash.Hash(sha256.Sum256([]byte(fmt.Sprint(w.made))))
	w.made++
	var except []peer.ID
	if len(w.peers) > 0 && w.r.IntN(2) == 0 {
		except = append(except, w.peers[w.r.IntN(len(w.peers))])
	}
	w.s.Add(w.now, tx, except...)
	w.added = append(w.added, tx)
	for _, p := range w.peers {
		if w.claims[p][tx] || slices.Contains(except, p) {
			continue
		}
		w.owed[p][tx] = w.now
		w.owing++
	}
}

// tick lets time go on and notes what is announced.
func (w *world) tick(d time.Duration) {
	w.now = w.now.Add(d)
	next := w.s.Next()
	batches := w.s.Tick(w.now)
	if len(batches) > 0 && (next.IsZero() || next.After(w.now)) {
		w.t.Fatalf("something was due before Next, %v", next)
	}
	for _, b := range batches {
		fmt.Fprintln(w.trace, w.now, b.To, b.Txs)
		w.hear(b)
	}
	if next := w.s.Next(); !next.IsZero() && !next.After(w.now) {
		w.t.Fatal("something is due right after Tick")
	}
}

func (w *world) hear(b Batch) {
	if len(b.Txs) == 0 || len(b.Txs) > w.cfg.MaxBatch {
		w.t.Fatalf("a batch of %d, at most %d fit", len(b.Txs), w.cfg.MaxBatch)
	}
	if !slices.IsSortedFunc(b.Txs, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) }) {
		w.t.Fatal("a batch is not sorted by hash")
	}
	for _, tx := range b.Txs {
		since, ok := w.owed[b.To][tx]
		if !ok {
			w.t.Fatalf("%s is told of what it knows, was told or missed", b.To)
		}
		if w.cfg.Flood && w.now.Sub(since) < w.cfg.Delay {
			w.t.Fatalf("flooded after %v", w.now.Sub(since))
		}
		if !w.s.Told(b.To, tx) {
			w.t.Fatalf("%s was told, and Told does not say so", b.To)
		}
		delete(w.owed[b.To], tx)
		w.heard++
	}
}

func (w *world) run(steps int) {
	for range 3 {
		w.join()
	}
	for range steps {
		switch n := w.r.IntN(100); {
		case n < 3:
			w.join()
		case n < 5:
			w.leave()
		case n < 25:
			w.claim()
		case n < 65:
			w.add()
		default:
			w.tick(time.Duration(w.r.IntN(400)) * time.Millisecond)
		}
	}
}

// settle ticks at exactly the times that Next names until nothing waits.
func (w *world) settle() {
	for next := w.s.Next(); !next.IsZero(); next = w.s.Next() {
		w.tick(next.Sub(w.now))
	}
}

// TestEverythingIsAnnouncedOnce: whatever happens, each peer hears once of each
// transaction added while it is there and that it does not know, unless it is
// counted as dropped.
func TestEverythingIsAnnouncedOnce(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		w := newWorld(t, seed)
		w.run(1500)
		w.settle()
		unheard := uint64(0)
		for _, p := range w.peers {
			unheard += uint64(len(w.owed[p]))
		}
		// What was dropped is still owed, or went with a peer that left, or
		// became known later.
		if d := w.s.Dropped(); d < unheard || d > unheard+w.lost {
			t.Fatalf("seed %d: %d never announced, %d dropped", seed, unheard, d)
		}
		if w.heard+unheard+w.lost != w.owing || w.heard == 0 {
			t.Fatalf("seed %d: %d announced, %d not, %d left, of %d", seed, w.heard, unheard, w.lost, w.owing)
		}
	}
}

// TestEqualCallsGiveEqualTraces: the simulator's trace hash counts on it.
func TestEqualCallsGiveEqualTraces(t *testing.T) {
	trace := func(seed uint64) string {
		w := newWorld(t, seed)
		w.run(3000)
		w.settle()
		return fmt.Sprintf("%x", w.trace.Sum(nil))
	}
	for seed := range uint64(20) {
		if first, second := trace(seed), trace(seed); first != second {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
	if trace(1) == trace(2) {
		t.Error("two seeds give one trace")
	}
}

// TestRowForgetsTheOldest: the memory of what was announced is bounded, for
// tens of minutes of whatever load.
func TestRowForgetsTheOldest(t *testing.T) {
	s := New(Flooding(), rand.NewPCG(1, 1), begin)
	s.Join(begin, "a", true)
	now := begin
	for n := range 4 * rememberedTxs {
		now = now.Add(time.Millisecond)
		s.Add(now, numbered(n))
		if n%100 == 0 {
			s.Tick(now)
		}
		if s.row.len() > rememberedTxs || s.row.index != nil && len(s.row.index) != s.row.len() {
			t.Fatalf("%d rows, %d in the index", s.row.len(), len(s.row.index))
		}
	}
	s.Tick(now.Add(time.Second))
	for _, c := range []struct {
		ago  int
		want bool
	}{{1, true}, {rememberedTxs, true}, {rememberedTxs + 1, false}} {
		if got := s.Told("a", numbered(4*rememberedTxs-c.ago)); got != c.want {
			t.Errorf("%d transactions ago: told is %v", c.ago, got)
		}
	}
	s.Add(now.Add(rememberedFor+time.Second), numbered(1))
	if got := s.row.len(); got != 1 {
		t.Errorf("%d are remembered after a rest, want 1", got)
	}
}

// TestKeyTellsSimpleHashesApart: tests and simulations number their hashes.
func TestKeyTellsSimpleHashesApart(t *testing.T) {
	seen := map[uint64]chainhash.Hash{}
	check := func(h chainhash.Hash) {
		t.Helper()
		if other, ok := seen[key(h)]; ok && other != h {
			t.Fatalf("%x and %x have one key", other, h)
		}
		seen[key(h)] = h
	}
	for b := range 256 {
		check(chainhash.Hash(bytes.Repeat([]byte{byte(b)}, 32)))
		for i := range 32 {
			var h chainhash.Hash
			h[i] = byte(b)
			check(h)
			h[(i+8)%32] = byte(b)
			check(h)
		}
	}
	for n := range 100_000 {
		check(numbered(n))
	}
}
