package chaingen_test

import (
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb"
)

// newChain returns an empty chain that checks everything, scripts included.
func newChain(tb testing.TB, params *chaincfg.Params) *blockchain.BlockChain {
	tb.Helper()
	db, err := database.Create("ffldb", filepath.Join(tb.TempDir(), "chain"), params.Net)
	if err != nil {
		tb.Fatalf("create database: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close database: %v", err)
		}
	})
	chain, err := blockchain.New(&blockchain.Config{
		DB:               db,
		ChainParams:      params,
		TimeSource:       blockchain.NewMedianTime(),
		UtxoCacheMaxSize: 100 << 20,
	})
	if err != nil {
		tb.Fatalf("open chain: %v", err)
	}
	return chain
}

// accept wants the block on the main chain. It goes by its bytes, as from a peer.
func accept(tb testing.TB, chain *blockchain.BlockChain, block *btcutil.Block) {
	tb.Helper()
	main, err := process(tb, chain, block)
	if err != nil || !main {
		tb.Fatalf("block %d: on the main chain = %v, %v", block.Height(), main, err)
	}
}

func process(tb testing.TB, chain *blockchain.BlockChain, block *btcutil.Block) (bool, error) {
	tb.Helper()
	raw, err := block.Bytes()
	if err != nil {
		tb.Fatalf("encode block: %v", err)
	}
	decoded, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		tb.Fatalf("decode block: %v", err)
	}
	main, orphan, err := chain.ProcessBlock(decoded, blockchain.BFNone)
	if orphan {
		tb.Fatalf("block %d has no parent", block.Height())
	}
	return main, err
}
