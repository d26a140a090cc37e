package devnet

import (
	"sync"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// keptBlocks is how many blocks are remembered: those that the nodes are connecting, while
// a part of the network catches up with the other. A block of a devnet has some KB.
const keptBlocks = 64

// shelf keeps the last blocks that were read: each node connects the same ones. It is safe
// for concurrent use.
type shelf struct {
	mu     sync.Mutex
	blocks map[chainhash.Hash]*btcutil.Block
	order  []chainhash.Hash // the oldest first
}

func newShelf() *shelf { return &shelf{blocks: make(map[chainhash.Hash]*btcutil.Block)} }

// get returns a block, fetching it if it is not there. It is not to be changed.
func (s *shelf) get(hash chainhash.Hash, fetch func() (*btcutil.Block, error)) (*btcutil.Block, error) {
	s.mu.Lock()
	b, ok := s.blocks[hash]
	s.mu.Unlock()
	if ok {
		return b, nil
	}
	b, err := fetch()
	if err != nil {
		return nil, err
	}
	// btcd computes hashes when they are first asked for, which several readers may not do
	// at once.
	b.Hash()
	for _, tx := range b.Transactions() {
		tx.Hash()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.blocks[hash]; !ok {
		s.blocks[hash] = b
		s.order = append(s.order, hash)
	}
	if len(s.order) > keptBlocks {
		delete(s.blocks, s.order[0])
		s.order = s.order[1:]
	}
	return b, nil
}
