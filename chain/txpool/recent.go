package txpool

import "github.com/btcsuite/btcd/chainhash/v2"

// recent remembers what was noted last under a hash: at least the last half of most,
// at most all of it. It is not safe for concurrent use.
type recent[V any] struct {
	most       int
	young, old map[chainhash.Hash]V
}

func (r *recent[V]) note(hash chainhash.Hash, v V) {
	if len(r.young) >= r.most/2 {
		r.young, r.old = nil, r.young
	}
	if r.young == nil {
		r.young = make(map[chainhash.Hash]V)
	}
	r.young[hash] = v
}

func (r *recent[V]) find(hash chainhash.Hash) (V, bool) {
	if v, ok := r.young[hash]; ok {
		return v, true
	}
	v, ok := r.old[hash]
	return v, ok
}

func (r *recent[V]) clear() { r.young, r.old = nil, nil }
