package devnet

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

func TestShelfFetchesABlockOnce(t *testing.T) {
	s, fetched := newShelf(), 0
	get := func(nonce uint32) (chainhash.Hash, error) {
		b := block(t, nonce, tx(nonce))
		got, err := s.get(*b.Hash(), func() (*btcutil.Block, error) {
			fetched++
			return b, nil
		})
		if err != nil {
			return chainhash.Hash{}, err
		}
		return *got.Hash(), nil
	}
	for range 3 { // nodes
		for nonce := range uint32(keptBlocks) {
			if got, err := get(nonce); err != nil || got != *block(t, nonce, tx(nonce)).Hash() {
				t.Fatalf("block %d: %v, %v", nonce, got, err)
			}
		}
	}
	if fetched != keptBlocks {
		t.Errorf("%d blocks were fetched %d times", keptBlocks, fetched)
	}
	if _, err := get(keptBlocks); err != nil || len(s.blocks) != keptBlocks || len(s.order) != keptBlocks {
		t.Errorf("%d blocks are kept: %v", len(s.blocks), err)
	}
	if _, err := get(0); err != nil || fetched != keptBlocks+2 {
		t.Errorf("the oldest was not let go: %d were fetched, %v", fetched, err)
	}
	gone := errors.New("gone")
	if _, err := s.get(chainhash.Hash{1}, func() (*btcutil.Block, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Errorf("a block that is not there gives %v", err)
	}
}
