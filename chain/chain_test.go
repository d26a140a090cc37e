package chain

import (
	"io"
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

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func memory() datastore.Batching { return dssync.MutexWrap(datastore.NewMapDatastore()) }

// openTest opens a chain in a folder of its own and closes it with the test.
func openTest(t testing.TB, params *chaincfg.Params) *Chain {
	t.Helper()
	return openIn(t, DefaultConfig(t.TempDir()), params, memory())
}

func openIn(t testing.TB, cfg Config, params *chaincfg.Params, headers datastore.Batching) *Chain {
	t.Helper()
	c, err := Open(cfg, params, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// mainFile opens btcd's file of the first mainnet blocks.
func mainFile(t testing.TB) *os.File {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd").Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "blockchain", "testdata", "blk_0_to_14131.dat"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// addHeaders gives the chain the blocks' headers only.
func addHeaders(t testing.TB, c *Chain, blocks ...*btcutil.Block) {
	t.Helper()
	for _, b := range blocks {
		if _, err := c.AcceptHeaders(time.Now(), []wire.BlockHeader{b.MsgBlock().Header}); err != nil {
			t.Fatal(err)
		}
	}
}

// withCommitment adds a witness commitment to a coinbase that has no witness.
func withCommitment(t testing.TB, b *btcutil.Block) *btcutil.Block {
	t.Helper()
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
