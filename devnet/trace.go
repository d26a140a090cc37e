package devnet

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/sim/spy"
)

const (
	// keptTraces is how many transactions are remembered: with a hundred nodes ~20 KB each.
	keptTraces = 50
	// stepsEach bounds the steps of one transaction, as a multiple of the nodes: each
	// accepts it once and hears of it first from one peer.
	stepsEach = 4
)

// The states of a transaction.
const (
	stateStem       = "stem"
	stateFluff      = "fluff"
	stateEverywhere = "everywhere"
	stateMined      = "mined"
)

// Trace is how a transaction went through the network.
type Trace struct {
	Txid    string  `json:"txid"`
	Origin  string  `json:"origin"` // empty: it was not sent by a command or by the network itself
	Sent    int64   `json:"sent_ms"`
	Bytes   int     `json:"bytes"`
	State   string  `json:"state"`
	Reached int     `json:"reached"`
	Nodes   int     `json:"nodes"`
	Steps   []Stage `json:"steps"`
}

// Stage is one step of a transaction: stem and heard have both ends, fluff and seen a node.
type Stage struct {
	At    float64 `json:"at_ms"` // since it was sent
	Kind  string  `json:"kind"`
	From  string  `json:"from,omitempty"`
	To    string  `json:"to,omitempty"`
	Node  string  `json:"node,omitempty"`
	Cause string  `json:"cause,omitempty"`
}

// path is a trace in the making.
type path struct {
	Trace
	begun     time.Time
	origin    int32 // number of the sender, or spy.Nobody
	has       map[string]bool
	heardBy   map[string]bool
	sightings []spy.Sighting
	judged    bool
}

// tracer follows transactions by what the nodes tell, and judges what spies make of it.
// It is safe for concurrent use.
type tracer struct {
	mu    sync.Mutex
	paths map[chainhash.Hash]*path
	order []chainhash.Hash // the oldest first
	up    map[string]bool
	watch watch
}

func newTracer(src rand.Source) *tracer {
	return &tracer{paths: make(map[chainhash.Hash]*path), up: make(map[string]bool), watch: newWatch(src)}
}

// sending begins the trace of a transaction that a member is about to send.
func (t *tracer) sending(tx chainhash.Hash, from *member, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.of(time.Now(), tx)
	p.Origin, p.origin, p.Bytes = from.name, int32(from.number), bytes // few members
}

// forget drops the trace of one that was not sent after all.
func (t *tracer) forget(tx chainhash.Hash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.paths, tx)
	t.order = slices.DeleteFunc(t.order, func(h chainhash.Hash) bool { return h == tx })
}

// of returns the trace of a transaction, which begins now if there is none. mu is held.
func (t *tracer) of(now time.Time, tx chainhash.Hash) *path {
	if p, ok := t.paths[tx]; ok {
		return p
	}
	p := &path{
		Trace: Trace{Txid: tx.String(), Sent: now.UnixMilli(), State: stateStem}, begun: now, origin: spy.Nobody,
		has: make(map[string]bool), heardBy: make(map[string]bool),
	}
	t.paths[tx] = p
	t.order = append(t.order, tx)
	if len(t.order) > keptTraces {
		t.watch.judge(t.paths[t.order[0]])
		delete(t.paths, t.order[0])
		t.order = slices.Delete(t.order, 0, 1)
	}
	return p
}

// step adds a step, if there is room. mu is held.
func (t *tracer) step(p *path, now time.Time, s Stage) {
	if len(p.Steps) < stepsEach*max(len(t.up), 1) {
		// Other processes' times are cut to the millisecond.
		s.At = float64(max(0, now.Sub(p.begun)).Microseconds()) / 1000
		p.Steps = append(p.Steps, s)
	}
}

// join tells of a member that runs from now on, and the ids of what it has.
func (t *tracer) join(m *member, now time.Time, has map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.up[m.name] = true
	for _, tx := range t.order {
		if p := t.paths[tx]; has[p.Txid] && !p.has[m.name] {
			p.has[m.name] = true
			t.step(p, now, Stage{Kind: "seen", Node: m.name})
		}
	}
}

// leave tells of a member that does not run any more.
func (t *tracer) leave(m *member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.up, m.name)
}

func (t *tracer) stemmed(now time.Time, tx chainhash.Hash, from *member, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.step(t.of(now, tx), now, Stage{Kind: "stem", From: from.name, To: to})
}

func (t *tracer) fluffed(now time.Time, tx chainhash.Hash, at *member, cause string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.of(now, tx)
	t.step(p, now, Stage{Kind: "fluff", Node: at.name, Cause: cause})
	if p.State == stateStem {
		p.State = stateFluff
	}
}

// heard notes who told a member of transactions; from is nil for a stranger. A spy's
// sighting counts if an honest node told it.
func (t *tracer) heard(now time.Time, txs []chainhash.Hash, from, at *member, stem bool) {
	if from == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tx := range txs {
		p := t.of(now, tx)
		if t.watch.sees(from, at) {
			p.sightings = append(p.sightings, spy.Sighting{
				At: now.Sub(p.begun), From: int32(from.number), To: int32(at.number), Stem: stem, // few members
			})
		}
		if !p.heardBy[at.name] && !stem { // the step of a stem was told by its sender
			p.heardBy[at.name] = true
			t.step(p, now, Stage{Kind: "heard", From: from.name, To: at.name})
		}
	}
}

func (t *tracer) accepted(now time.Time, tx chainhash.Hash, at *member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.of(now, tx)
	if p.has[at.name] {
		return
	}
	p.has[at.name] = true
	t.step(p, now, Stage{Kind: "seen", Node: at.name})
	if p.State == stateStem {
		p.State = stateFluff // its node has it in the mempool: it is no secret any more
	}
	if p.State == stateFluff && t.complete(p) {
		p.State = stateEverywhere
		t.watch.judge(p)
	}
}

// complete says whether all members that run have a transaction. mu is held.
func (t *tracer) complete(p *path) bool {
	for name := range t.up {
		if !p.has[name] {
			return false
		}
	}
	return len(t.up) > 0
}

// everywhere says whether a transaction has reached all members that run, or was mined.
func (t *tracer) everywhere(tx chainhash.Hash) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.paths[tx]
	return ok && (p.State == stateMined || t.complete(p))
}

// mined notes the transactions of a block that a member has, and returns those that were
// not known to be mined. Whoever has the block has them, heard of before or not.
func (t *tracer) mined(b *btcutil.Block, at *member) (found []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tx := range b.Transactions()[1:] {
		p, ok := t.paths[*tx.Hash()]
		if !ok {
			continue
		}
		p.has[at.name] = true
		if p.State != stateMined {
			p.State = stateMined
			t.watch.judge(p)
			found = append(found, p.Txid)
		}
	}
	return found
}

// last returns the traces of the last transactions, the youngest first.
func (t *tracer) last(most int) []Trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Trace, 0, min(most, len(t.order)))
	for _, tx := range slices.Backward(t.order) {
		if len(all) == most {
			break
		}
		p := t.paths[tx]
		c := p.Trace
		c.Steps = append([]Stage{}, p.Steps...)
		c.Nodes = len(t.up)
		for name := range t.up {
			if p.has[name] {
				c.Reached++
			}
		}
		all = append(all, c)
	}
	return all
}
