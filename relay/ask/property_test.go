package ask

import (
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

// pair is an offer as the test knows it.
type pair struct {
	p  peer.ID
	tx chainhash.Hash
}

// answer is what a peer does with a request.
type answer int

const (
	silent answer = iota
	lacks
	delivers
)

// world drives a Tracker at random and keeps account of what it may ask.
type world struct {
	t     testing.TB
	r     *rand.Rand
	cfg   Config
	tr    *Tracker
	now   time.Time
	trace hash.Hash

	peers   []peer.ID
	inbound map[peer.ID]bool
	offers  map[pair]time.Time           // announced when; not yet asked
	asked   map[pair]bool                // once, until the transaction is forgotten
	owed    map[chainhash.Hash]pair      // in flight
	until   map[chainhash.Hash]time.Time // of what is in flight
	due     []pair                       // answers to come
	count   int
}

func newWorld(tb testing.TB, seed uint64) *world {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	cfg := DefaultConfig()
	cfg.InFlight, cfg.Remembered = 1+r.IntN(10), 1+r.IntN(60)
	return &world{
		t: tb, r: r, cfg: cfg, tr: New(cfg, rand.NewPCG(seed, 2)), now: begin, trace: sha256.New(),
		inbound: map[peer.ID]bool{}, offers: map[pair]time.Time{}, asked: map[pair]bool{},
		owed: map[chainhash.Hash]pair{}, until: map[chainhash.Hash]time.Time{},
	}
}

func (w *world) tx() chainhash.Hash { return numbered(w.count + w.r.IntN(40)) }

func (w *world) join() {
	p := peer.ID(fmt.Sprint(w.r.IntN(20)))
	if slices.Contains(w.peers, p) {
		return
	}
	w.inbound[p] = w.r.IntN(2) == 0
	w.tr.Join(p, w.inbound[p])
	w.peers = append(w.peers, p)
}

func (w *world) leave() {
	if len(w.peers) < 2 {
		return
	}
	i := w.r.IntN(len(w.peers))
	p := w.peers[i]
	w.tr.Leave(w.now, p)
	w.peers = slices.Delete(w.peers, i, i+1)
	for tx, o := range w.owed {
		if o.p == p {
			w.settled(tx)
		}
	}
	for o := range w.offers {
		if o.p == p {
			delete(w.offers, o)
		}
	}
	for o := range w.asked {
		if o.p == p {
			delete(w.asked, o)
		}
	}
	w.lost()
}

// lost forgets what is forgotten by the tracker: nobody is left to be asked.
func (w *world) lost() {
	alive := map[chainhash.Hash]bool{}
	for o := range w.offers {
		alive[o.tx] = true
	}
	for tx := range w.owed {
		alive[tx] = true
	}
	for o := range w.asked {
		if !alive[o.tx] {
			delete(w.asked, o)
		}
	}
	if len(alive) != w.tr.Len() {
		w.t.Fatalf("%d transactions are wanted, want %d", w.tr.Len(), len(alive))
	}
}

func (w *world) settled(tx chainhash.Hash) {
	delete(w.owed, tx)
	delete(w.until, tx)
}

func (w *world) announce() {
	p := w.peers[w.r.IntN(len(w.peers))]
	w.count++
	var hashes []chainhash.Hash
	for range 1 + w.r.IntN(8) {
		hashes = append(hashes, w.tx())
	}
	w.tr.Announced(w.now, p, hashes)
	room := w.cfg.Remembered
	for o := range w.offers {
		if o.p == p {
			room--
		}
	}
	for o := range w.asked {
		if o.p == p {
			room--
		}
	}
	for _, tx := range hashes {
		o := pair{p, tx}
		if _, ok := w.offers[o]; ok || w.asked[o] {
			continue
		}
		if room == 0 {
			break
		}
		w.offers[o] = w.now
		room--
	}
}

func (w *world) known(tx chainhash.Hash) {
	w.tr.Known(tx)
	w.settled(tx)
	for o := range w.offers {
		if o.tx == tx {
			delete(w.offers, o)
		}
	}
	w.lost()
}

// respond lets one of the peers that owe something answer. Some answers come
// when nobody waits for them any more.
func (w *world) respond(a answer) {
	if len(w.due) == 0 {
		return
	}
	i := w.r.IntN(len(w.due))
	o := w.due[i]
	w.due = slices.Delete(w.due, i, i+1)
	switch a {
	case silent:
	case lacks:
		w.tr.Failed(w.now, o.p, o.tx)
		if w.owed[o.tx] == o {
			w.settled(o.tx)
			w.lost()
		}
	case delivers:
		w.known(o.tx)
	}
}

func (w *world) tick(d time.Duration) {
	w.now = w.now.Add(d)
	next := w.tr.Next()
	requests := w.tr.Tick(w.now)
	for tx, until := range w.until {
		if !until.After(w.now) {
			w.settled(tx)
		}
	}
	if len(requests) > 0 && (next.IsZero() || next.After(w.now)) {
		w.t.Fatalf("something was due before Next, %v", next)
	}
	for i, r := range requests {
		fmt.Fprintln(w.trace, w.now, r)
		if i > 0 && requests[i-1].Peer >= r.Peer || len(r.Txs) == 0 {
			w.t.Fatal("requests are not one a peer, in order")
		}
		for _, tx := range r.Txs {
			w.ask(pair{r.Peer, tx})
		}
	}
	w.lost()
	if next := w.tr.Next(); !next.IsZero() && !next.After(w.now) {
		w.t.Fatal("something is due right after Tick")
	}
	w.limits()
}

func (w *world) ask(o pair) {
	since, ok := w.offers[o]
	if !ok {
		w.t.Fatalf("%s is asked for what it has not announced, or was asked for", o.p)
	}
	if w.inbound[o.p] && w.now.Sub(since) < w.cfg.InboundDelay {
		w.t.Fatalf("inbound %s is asked after %v", o.p, w.now.Sub(since))
	}
	if other, ok := w.owed[o.tx]; ok {
		w.t.Fatalf("%s and %s are asked for one transaction", other.p, o.p)
	}
	delete(w.offers, o)
	w.asked[o] = true
	w.owed[o.tx] = o
	w.until[o.tx] = w.now.Add(w.cfg.Timeout)
	w.due = append(w.due, o)
}

// limits checks, peer by peer, what it owes and whether it has a reason to rest.
func (w *world) limits() {
	owes := map[peer.ID]int{}
	for _, o := range w.owed {
		owes[o.p]++
	}
	for _, p := range w.peers {
		if owes[p] > w.cfg.InFlight {
			w.t.Fatalf("%s owes %d", p, owes[p])
		}
	}
	for o, since := range w.offers {
		_, busy := w.owed[o.tx]
		early := w.inbound[o.p] && w.now.Sub(since) < w.cfg.InboundDelay
		if !busy && !early && owes[o.p] < w.cfg.InFlight {
			w.t.Fatalf("%s is not asked for what nobody else is asked for", o.p)
		}
	}
	for _, s := range w.tr.sources.all {
		if len(s.offers) > w.cfg.Remembered {
			w.t.Fatalf("%d offers of %s are remembered", len(s.offers), s.id)
		}
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
		case n < 35:
			w.announce()
		case n < 40:
			w.known(w.tx())
		case n < 60:
			w.respond(answer(w.r.IntN(3)))
		default:
			w.tick(time.Duration(w.r.IntN(3000)) * time.Millisecond)
		}
	}
}

// settle ticks at exactly the times that Next names until nothing is wanted.
func (w *world) settle() {
	for next := w.tr.Next(); !next.IsZero(); next = w.tr.Next() {
		w.tick(max(0, next.Sub(w.now)))
	}
}

// TestEverybodyIsAskedOnce: whatever happens, each transaction that is not known
// is asked from each peer that offers it, once, from one at a time, and within
// the limits.
func TestEverybodyIsAskedOnce(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		w := newWorld(t, seed)
		w.run(1500)
		w.settle()
		if len(w.offers) != 0 || w.tr.Len() != 0 {
			t.Fatalf("seed %d: %d offers were never asked for, %d transactions are wanted", seed, len(w.offers), w.tr.Len())
		}
		for _, s := range w.tr.sources.all {
			if len(s.offers) != 0 || s.owes != 0 || s.ready.head != nil {
				t.Fatalf("seed %d: %d offers of %s are left, it owes %d", seed, len(s.offers), s.id, s.owes)
			}
		}
		if w.tr.delayed.head != nil || w.tr.asked.head != nil {
			t.Fatalf("seed %d: something is left in the lists", seed)
		}
	}
}

func TestEqualCallsGiveEqualTraces(t *testing.T) {
	trace := func(seed uint64) string {
		w := newWorld(t, seed)
		w.run(2000)
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
