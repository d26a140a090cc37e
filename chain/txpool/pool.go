package txpool

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/mempool"

	"github.com/pappus-network/pappus/events"
)

// Pool is a mempool. It is safe for concurrent use.
type Pool struct {
	cfg      Config
	base     mempool.Config
	isActive func(deployment uint32) (bool, error)
	isMined  func(*btcutil.Tx) bool
	btc      *mempool.TxPool // validates; holds the same transactions as graph
	deployed [chaincfg.DefinedDeployments]atomic.Bool

	// writing is held while one transaction is validated, or a block confirmed, which
	// waits for the block that the chain validates, if it does. Under it come the chain's
	// locks and mu; who holds one of those must not take it.
	writing sync.Mutex
	seen    look
	orphans *orphanage
	left    departed
	order   uint64 // of the last entry

	// mu guards what is read without waiting for a validation. Only who holds writing
	// changes graph, and walks it.
	mu          sync.RWMutex
	graph       *graph
	floor       feeFloor
	rejects     recent[events.Reason] // by wtxid
	mined       recent[struct{}]      // by txid
	subscribers []func(Change)

	dumping sync.Mutex // held while the datastore is written
}

// minedRemembered is how many transactions of the last blocks are remembered: of at
// least four full ones, at 40 bytes each 2 MB. Source: half of Bitcoin Core's
// m_lazy_recent_confirmed_transactions, a filter.
const minedRemembered = 48_000

// Why an entry came or went.
type Why string

// The reasons there are.
const (
	Accepted  Why = "accepted"
	Confirmed Why = "confirmed"
	Replaced  Why = "replaced" // by one that pays more
	Evicted   Why = "evicted"  // the pool is full of others that pay more
	Expired   Why = "expired"
	Conflict  Why = "conflict" // the chain has made it impossible
)

// Change is an entry that came or went.
type Change struct {
	Tx  *btcutil.Tx
	Why Why
}

func changes(gone []*entry, why Why) []Change {
	all := make([]Change, len(gone))
	for i, e := range gone {
		all[i] = Change{e.Tx, why}
	}
	return all
}

// New returns an empty pool that validates with what base knows of the chain. The
// minimum fee, the limits on orphans and the hash cache of base are not used.
func New(cfg Config, base mempool.Config) *Pool {
	p := &Pool{
		cfg: cfg, base: base, isActive: base.IsDeploymentActive, orphans: newOrphanage(cfg), graph: newGraph(),
		rejects: recent[events.Reason]{most: cfg.Rejects}, mined: recent[struct{}]{most: minedRemembered},
	}
	p.base.Policy.MinRelayTxFee = cfg.MinRelayFee
	p.base.Policy.MaxOrphanTxs = 0
	p.base.IsDeploymentActive = p.active
	p.btc = p.validator(p.base.FetchUtxoView, &p.seen)
	return p
}

// KnowMined has the pool ask whether a transaction is in the chain whose inputs are
// not there. Without it the pool knows those of the last blocks. Call it before
// anything else.
func (p *Pool) KnowMined(mined func(*btcutil.Tx) bool) { p.isMined = mined }

// active asks the chain whether a deployment is active until it is: afterwards only
// a reorganisation could change that, and the question costs a lock of the chain.
func (p *Pool) active(id uint32) (bool, error) {
	if int(id) < len(p.deployed) && p.deployed[id].Load() {
		return true, nil
	}
	ok, err := p.isActive(id)
	if ok && err == nil && int(id) < len(p.deployed) {
		p.deployed[id].Store(true)
	}
	return ok, err
}

// Subscribe has f called with every change. It must not block, nor call what changes
// the pool.
func (p *Pool) Subscribe(f func(Change)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers = append(p.subscribers, f)
}

func (p *Pool) tell(changes []Change) {
	if len(changes) == 0 {
		return
	}
	p.mu.RLock()
	subscribers := p.subscribers
	p.mu.RUnlock()
	for _, c := range changes {
		for _, f := range subscribers {
			f(c)
		}
	}
}

// take removes entries, under writing, and says so. With an entry goes all that
// spends from it, unless a block has confirmed it.
func (p *Pool) take(gone []*entry, why Why) {
	if len(gone) == 0 {
		return
	}
	p.mu.Lock()
	p.graph.remove(gone...)
	p.mu.Unlock()
	p.release(gone)
	p.tell(changes(gone, why))
}

// release has btcd's pool forget what graph has forgotten.
func (p *Pool) release(gone []*entry) {
	for _, e := range gone {
		p.btc.RemoveTransaction(e.Tx, false)
	}
}

// Leave forgets a sender's orphans.
func (p *Pool) Leave(from string) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.orphans.leave(from)
}

// Expire takes out what has waited too long, with all that spends from it.
func (p *Pool) Expire(now time.Time) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.orphans.expire(now)
	_ = p.MinFee(now) // overlays see it as it was when last asked
	for _, e := range p.pick(func(e *entry) bool { return now.Sub(e.Added) >= p.cfg.Expiry }) {
		if p.here(e) {
			p.take(p.graph.descendants(e), Expired)
		}
	}
}

func (p *Pool) here(e *entry) bool { return p.graph.entries[e.hash()] == e }

// pick returns the entries of which f holds, in the order in which they came.
func (p *Pool) pick(f func(*entry) bool) []*entry {
	var all []*entry
	for _, e := range p.graph.entries {
		if f(e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.order, b.order) })
	return all
}
