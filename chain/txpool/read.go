package txpool

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Info is the pool as a whole.
type Info struct {
	Count       int
	Size        int64 // virtual bytes
	Fee         btcutil.Amount
	Memory      int64 // bytes that it takes up, by estimate
	MaxMemory   int64
	MinFee      btcutil.Amount // satoshi per 1,000 virtual bytes
	MinRelayFee btcutil.Amount // the same when the pool is not full
	Incremental btcutil.Amount
}

// Info returns the pool's figures at now.
func (p *Pool) Info(now time.Time) Info {
	least := p.MinFee(now)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return Info{
		Count: len(p.graph.entries), Size: p.graph.size, Fee: p.graph.fee,
		Memory: p.graph.memory, MaxMemory: p.cfg.MaxBytes,
		MinFee: least, MinRelayFee: p.cfg.MinRelayFee, Incremental: p.cfg.IncrementalFee,
	}
}

// Count is how many transactions wait.
func (p *Pool) Count() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.graph.entries)
}

// Have says whether a transaction waits.
func (p *Pool) Have(txid chainhash.Hash) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, ok := p.graph.entries[txid]
	return ok
}

// Tx returns a transaction that waits. It is shared: do not change it.
func (p *Pool) Tx(txid chainhash.Hash) (*btcutil.Tx, bool) {
	e, ok := p.Entry(txid)
	return e.Tx, ok
}

// Raw returns a transaction's bytes, with witnesses. They are the caller's.
func (p *Pool) Raw(txid chainhash.Hash) ([]byte, bool) {
	tx, ok := p.Tx(txid)
	if !ok {
		return nil, false
	}
	raw := bytes.NewBuffer(make([]byte, 0, tx.MsgTx().SerializeSize()))
	if err := tx.MsgTx().Serialize(raw); err != nil {
		return nil, false // a buffer takes everything
	}
	return raw.Bytes(), true
}

// Entry returns a transaction with what is known of it.
func (p *Pool) Entry(txid chainhash.Hash) (Entry, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if e, ok := p.graph.entries[txid]; ok {
		return e.Entry, true
	}
	return Entry{}, false
}

// Entries returns all that wait, the longest first. Of those that came together
// parents come before their children.
func (p *Pool) Entries() []Entry {
	p.mu.RLock()
	all := slices.Collect(maps.Values(p.graph.entries))
	p.mu.RUnlock()
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(a.Added.Compare(b.Added), cmp.Compare(a.order, b.order))
	})
	entries := make([]Entry, len(all))
	for i, e := range all {
		entries[i] = e.Entry
	}
	return entries
}

// sampled is from how many times as many ids as are asked for [Pool.Hashes] chooses: peers
// ask, for nothing, and a look at all 300 MB of a full pool takes 10 ms.
const sampled = 4

// Hashes returns at most so many ids of waiting transactions that keep takes, any of
// them, others each time, sorted. If most are not taken it may miss some that are.
func (p *Pool) Hashes(most int, keep func(chainhash.Hash) bool) []chainhash.Hash {
	p.mu.RLock()
	limit := min(sampled*most, len(p.graph.entries))
	all := make([]chainhash.Hash, 0, limit)
	for hash := range p.graph.entries { // begins anywhere
		if len(all) >= limit {
			break
		}
		all = append(all, hash)
	}
	p.mu.RUnlock()
	all = slices.DeleteFunc(all, func(h chainhash.Hash) bool { return !keep(h) })
	all = all[:min(most, len(all))]
	slices.SortFunc(all, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// Spender returns the waiting transaction that spends an output, if there is one.
func (p *Pool) Spender(out wire.OutPoint) (chainhash.Hash, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if e, ok := p.graph.spends[out]; ok {
		return e.hash(), true
	}
	return chainhash.Hash{}, false
}

// Conflicts returns the waiting transactions that spend what this one spends.
func (p *Pool) Conflicts(tx *btcutil.Tx) []chainhash.Hash {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var all []chainhash.Hash
	for _, in := range tx.MsgTx().TxIn {
		if e, ok := p.graph.spends[in.PreviousOutPoint]; ok && e.Tx != tx && !slices.Contains(all, *e.Tx.Hash()) {
			all = append(all, *e.Tx.Hash())
		}
	}
	return all
}
