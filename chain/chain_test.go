package chain

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
)

// mainTip is the last block of the mainnet file that btcd ships.
const (
	mainTip    = "00000000b3e750f37fdb42e1018799a9f44b546d393b130b369590a072430a1c"
	mainHeight = 14131
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func memory() datastore.Batching { return dssync.MutexWrap(datastore.NewMapDatastore()) }

// openTest opens a chain in a folder of its own and closes it with the test.
func openTest(tb testing.TB, params *chaincfg.Params) *Chain {
	tb.Helper()
	return openIn(tb, DefaultConfig(tb.TempDir()), params, memory())
}

func openIn(tb testing.TB, cfg Config, params *chaincfg.Params, headers datastore.Batching) *Chain {
	tb.Helper()
	c, err := Open(cfg, params, headers, quiet())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// mainFile opens btcd's file of the first mainnet blocks.
func mainFile(tb testing.TB) *os.File {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd").Output()
	if err != nil {
		tb.Fatal(err)
	}
	f, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "blockchain", "testdata", "blk_0_to_14131.dat"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f
}

// addHeaders gives the chain the blocks' headers only.
func addHeaders(tb testing.TB, c *Chain, blocks ...*btcutil.Block) {
	tb.Helper()
	for _, b := range blocks {
		if _, err := c.AcceptHeaders(time.Now(), []wire.BlockHeader{b.MsgBlock().Header}); err != nil {
			tb.Fatal(err)
		}
	}
}

// withCommitment adds a witness commitment to a coinbase that has no witness.
func withCommitment(tb testing.TB, b *btcutil.Block) *btcutil.Block {
	tb.Helper()
	msg := b.MsgBlock()
	script := append(append([]byte{}, blockchain.WitnessMagicBytes...), make([]byte, 32)...)
	msg.Transactions[0].AddTxOut(wire.NewTxOut(0, script))
	msg.Header.MerkleRoot = blockchain.CalcMerkleRoot(btcutil.NewBlock(msg).Transactions(), false)
	for target := blockchain.CompactToBig(msg.Header.Bits); ; msg.Header.Nonce++ {
		if hash := msg.Header.BlockHash(); blockchain.HashToBig(&hash).Cmp(target) <= 0 {
			return btcutil.NewBlock(msg)
		}
	}
}
