package chain

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// Scripts of Bitcoin Core's test framework: the wallet of its functional tests, a taproot
// output that OP_TRUE spends, and the address of its first node. Source:
// test_framework/address.py, test_framework/test_node.py.
const (
	coreWallet = "51202913b252fe537830f843bfdc5fa7d20ba48639a87c86ff837b92d083c55ad7c1"
	coreNode   = "76a9142b4569203694fc997e13f2c0a1383b9e16c77a0d88ac"
)

// coreBlock is a block as Bitcoin Core 31 mines it on regtest.
func coreBlock(c *Chain, payTo []byte, txs ...*wire.MsgTx) *btcutil.Block {
	tip := c.Tip()
	height := tip.Height + 1
	commit := wire.NewMsgTx(2)
	sig := txscript.NewScriptBuilder().AddInt64(int64(height))
	if height <= 16 {
		sig.AddOp(txscript.OP_0) // a coinbase's script has two bytes at least
	}
	script, _ := sig.Script() // short
	commit.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex}, SignatureScript: script,
		Sequence: wire.MaxTxInSequenceNum - 1, Witness: wire.TxWitness{make([]byte, 32)},
	})
	commit.LockTime = uint32(height - 1)
	commit.AddTxOut(wire.NewTxOut(50*btcutil.SatoshiPerBitcoin, payTo))
	all := []*btcutil.Tx{btcutil.NewTx(commit)}
	for _, tx := range txs {
		all = append(all, btcutil.NewTx(tx))
	}
	root := blockchain.CalcMerkleRoot(all, true)
	witness := chainhash.DoubleHashB(append(root[:], make([]byte, 32)...))
	commit.AddTxOut(wire.NewTxOut(0, append(bytes.Clone(blockchain.WitnessMagicBytes), witness...)))
	all[0] = btcutil.NewTx(commit)
	msg := &wire.MsgBlock{Header: wire.BlockHeader{
		Version: 0x20000000, PrevBlock: tip.Hash, MerkleRoot: blockchain.CalcMerkleRoot(all, false),
		Timestamp: time.Unix(1_600_000_000+int64(height), 0), Bits: c.params.PowLimitBits, // P2SH is in force
	}, Transactions: append([]*wire.MsgTx{commit}, txs...)}
	return solved(msg)
}

// solved finds a block's nonce.
func solved(msg *wire.MsgBlock) *btcutil.Block {
	for target := blockchain.CompactToBig(msg.Header.Bits); ; msg.Header.Nonce++ {
		if hash := msg.Header.BlockHash(); blockchain.HashToBig(&hash).Cmp(target) <= 0 {
			return btcutil.NewBlock(msg)
		}
	}
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func unspent(tb testing.TB, c *Chain, how SetHash) UnspentSet {
	tb.Helper()
	set, err := c.CountUnspent(tb.Context(), how)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// The chain of Bitcoin Core's own test of these hashes, mined anew: one block to the
// wallet, 99 to the node, one that holds the wallet's payment to itself. Source: the figures
// at the end of test/functional/feature_utxo_set_hash.py (2026).
func TestUnspentSetHasTheHashesOfBitcoinCore(t *testing.T) {
	t.Parallel()
	c := openTest(t, &chaincfg.RegressionNetParams)
	wallet, node := unhex(t, coreWallet), unhex(t, coreNode)
	first := coreBlock(c, wallet)
	mustAccept(t, c, first)
	for range 99 {
		mustAccept(t, c, coreBlock(c, node))
	}
	const fee = 31_200 // 104 bytes for 0.003 BTC a kilobyte
	pay := wire.NewMsgTx(2)
	pay.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Hash: *first.Transactions()[0].Hash()},
		Witness:          wire.TxWitness{{txscript.OP_TRUE}, append([]byte{0xc0}, append(make([]byte, 31), 1)...)},
	})
	pay.AddTxOut(wire.NewTxOut(50*btcutil.SatoshiPerBitcoin-fee, wallet))
	mustAccept(t, c, coreBlock(c, wallet, pay))
	for how, want := range map[SetHash]string{
		NoHash:         chainhash.Hash{}.String(),
		SerializedHash: "396058cfd7f3b4c05dcdfaf360be9986d859d2c8315082d3aadda6d2d16add25",
		MuHash:         "97f341d4226cb4451dd9da2856759fb97659cfc238a0b8d5452e64af6032bd3d",
	} {
		got := unspent(t, c, how)
		if got.Hash.String() != want {
			t.Errorf("hash %d: %v, want %s", how, got.Hash, want)
		}
		got.Hash, got.Bytes = chainhash.Hash{}, 0
		total := btcutil.Amount(101*50*btcutil.SatoshiPerBitcoin - fee)
		if want := (UnspentSet{Tip: c.Tip(), Outputs: 101, Transactions: 101, ScriptBytes: 99*25 + 2*34, Total: total}); got != want {
			t.Errorf("count %+v, want %+v", got, want)
		}
	}
}

// scripts are one of each kind that btcd keeps in a form of its own, and such as look
// like one and are not. The key is the generator's point and, for an odd y, its negative.
func scripts(tb testing.TB) [][]byte {
	tb.Helper()
	const x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	const evenY = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	const oddY = "b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777"
	var all [][]byte
	for _, s := range []string{
		"76a914" + x[:40] + "88ac", "76a914" + x[:40] + "88ad", "a914" + x[:40] + "87", "a914" + x[:40] + "88",
		"2102" + x + "ac", "2103" + x + "ac", "41" + "04" + x + evenY + "ac", "41" + "04" + x + oddY + "ac",
		"41" + "06" + x + evenY + "ac", // hybrid: kept in full
		"41" + "04" + x + x + "ac",     // not on the curve
		"2102" + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" + "ac",
		"", "51", "0014" + x[:40], "0020" + x, "5120" + x, "512102" + x + "51ae",
	} {
		all = append(all, unhex(tb, s))
	}
	return append(all, bytes.Repeat([]byte{txscript.OP_NOP}, 300), bytes.Repeat([]byte{txscript.OP_NOP}, txscript.MaxScriptSize))
}

// Every output of a chain is counted, by its own value and script, no matter in which form
// it is kept; and what is hashed is what the blocks say.
func TestUnspentSetIsWhatTheBlocksLeave(t *testing.T) {
	t.Parallel()
	c := openTest(t, &chaincfg.RegressionNetParams)
	if _, err := c.Mine(t.Context(), anyone, 101); err != nil {
		t.Fatal(err)
	}
	first, _ := c.BlockHash(1)
	raw, err := c.StoredBlock(first)
	if err != nil {
		t.Fatal(err)
	}
	mined, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: *mined.Transactions()[0].Hash()}, nil, nil))
	scripts := scripts(t)
	for i, script := range scripts {
		tx.AddTxOut(wire.NewTxOut([]int64{0, 1, 9, 10, 1_000_000_000, 123_456_789, 100_000_000}[i%7], script))
	}
	tx.AddTxOut(wire.NewTxOut(5, []byte{txscript.OP_RETURN, 1, 1})) // not kept
	b, err := c.MineTxs(t.Context(), anyone, []*btcutil.Tx{btcutil.NewTx(tx)})
	if err != nil {
		t.Fatal(err)
	}
	before := unspent(t, c, NoHash)
	mustAccept(t, c, b)
	after := unspent(t, c, NoHash)
	want := before
	want.Tip = c.Tip()
	want.Outputs += uint64(len(scripts)) // the coinbase's and the one that is spent make up
	want.Transactions++
	for i, script := range scripts {
		want.ScriptBytes += uint64(len(script))
		want.Total += btcutil.Amount(tx.TxOut[i].Value)
		o, err := c.Unspent(wire.OutPoint{Hash: tx.TxHash(), Index: uint32(i)}) // as btcd decodes it
		if err != nil || o.Value != btcutil.Amount(tx.TxOut[i].Value) || !bytes.Equal(o.Script, script) {
			t.Fatalf("output %d: %+v: %v", i, o, err)
		}
	}
	want.Bytes = after.Bytes
	if after != want || after.Bytes <= before.Bytes {
		t.Errorf("count %+v, want %+v", after, want)
	}
	// The hash of the serialized set, from outputs that btcd itself looks up.
	var sorted []wire.OutPoint
	tx1, tip, _, err := c.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer tx1.Rollback() //nolint:errcheck // nothing was written
	err = tx1.Metadata().Bucket(unspentBucket).ForEach(func(key, _ []byte) error {
		out, err := storedOutPoint(key)
		sorted = append(sorted, out)
		return err
	})
	if err != nil || tip != c.Tip() {
		t.Fatalf("%+v: %v", tip, err)
	}
	var all []byte
	for _, out := range sorted {
		o, err := c.Unspent(out)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, out.Hash[:]...)
		all = binary.LittleEndian.AppendUint32(all, out.Index)
		code := uint32(o.Height) * 2
		if o.Coinbase {
			code++
		}
		all = binary.LittleEndian.AppendUint32(all, code)
		all = binary.LittleEndian.AppendUint64(all, uint64(o.Value))
		size := bytes.NewBuffer(nil)
		if err := wire.WriteVarBytes(size, 0, o.Script); err != nil {
			t.Fatal(err)
		}
		all = append(all, size.Bytes()...)
	}
	if got := unspent(t, c, SerializedHash).Hash; got != chainhash.DoubleHashH(all) {
		t.Errorf("hash %v, want %v", got, chainhash.DoubleHashH(all))
	}
}

// A count goes on over what was there when it began, while blocks come and go.
func TestCountIsOfOneMoment(t *testing.T) {
	t.Parallel()
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	want := unspent(t, c, MuHash)
	tx, tip, closing, err := c.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	b.Fork(b.Tip().Height() - 3)
	mustAccept(t, c, b.Extend(4)...) // the last three blocks are taken back
	mustAccept(t, c, b.NextBlock(b.Spend(5)...))
	now := unspent(t, c, MuHash)
	n := newUnspentCount(MuHash)
	if err := n.all(t.Context(), tx, tip, closing); err != nil {
		t.Fatal(err)
	}
	if got := n.sum(tip); got != want || now.Hash == want.Hash || now.Tip != c.Tip() {
		t.Errorf("count %+v, then %+v, want %+v", got, now, want)
	}
}

func TestCountEnds(t *testing.T) {
	t.Parallel()
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	cfg := DefaultConfig(t.TempDir())
	cfg.Prune = MinPrune
	c := openIn(t, cfg, &chaincfg.SimNetParams, memory())
	mustAccept(t, c, b.Extend(20)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.CountUnspent(ctx, NoHash); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// Pruning writes everything and opens the database anew, which waits for readers.
	tx, tip, closing, err := c.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan struct{})
	go func() { // ends with the snapshot below
		defer close(accepted)
		c.accepting.Lock()
		c.unflushed = flushEvery
		c.accepting.Unlock()
		mustAccept(t, c, b.NextBlock())
	}()
	<-closing
	if err := newUnspentCount(NoHash).all(t.Context(), tx, tip, closing); !errors.Is(err, ErrReopened) {
		t.Errorf("reopened: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-accepted
	if got := unspent(t, c, NoHash); got.Tip.Height != 21 || got.Transactions != 21 {
		t.Errorf("after that: %+v", got)
	}
	tx, tip, closing, err = c.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- c.Close() }() // ends with the snapshot below
	<-closing
	if err := newUnspentCount(NoHash).all(t.Context(), tx, tip, closing); !errors.Is(err, ErrReopened) {
		t.Errorf("closed: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if _, err := c.CountUnspent(t.Context(), NoHash); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

// A table with a damaged block is not counted as a shorter set: ffldb says nothing of it.
func TestCountSeesDamage(t *testing.T) {
	t.Parallel()
	b := simnetBuilder()
	cfg := DefaultConfig(t.TempDir())
	headers := memory()
	c, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, b.Chain()...)
	var keys [][]byte
	tx, _, _, err := c.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	err = tx.Metadata().Bucket(unspentBucket).ForEach(func(key, _ []byte) error { keys = append(keys, key); return nil })
	if err := errors.Join(err, tx.Rollback(), c.Close()); err != nil {
		t.Fatal(err)
	}
	// In the middle of the set: the key's last bytes are in one table, as they are.
	mark := keys[len(keys)/2][8:]
	tables, err := filepath.Glob(filepath.Join(cfg.Dir, metadataDir, "*.ldb"))
	if err != nil {
		t.Fatal(err)
	}
	harmed := false
	for _, path := range tables {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(raw, mark); at >= 0 {
			raw[at] ^= 1
			harmed = true
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !harmed {
		t.Fatal("the output is in no table")
	}
	c = openIn(t, cfg, &chaincfg.SimNetParams, headers)
	set, err := c.CountUnspent(t.Context(), NoHash)
	if damaged := (*DamagedError)(nil); !errors.As(err, &damaged) {
		t.Errorf("%d outputs of %d, without an error that says what to do: %v", set.Outputs, len(keys), err)
	}
}
