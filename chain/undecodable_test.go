package chain

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// mainChain reads all blocks but the first.
func mainChain(t *testing.T, c *Chain) []*btcutil.Block {
	t.Helper()
	var all []*btcutil.Block
	for height := int32(1); height <= c.Tip().Height; height++ {
		hash, _ := c.BlockHash(height)
		raw, err := c.StoredBlock(hash)
		if err != nil {
			t.Fatal(err)
		}
		b, err := btcutil.NewBlockFromBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		b.SetHeight(height)
		all = append(all, b)
	}
	return all
}

// coreHash is hash_serialized_3 of what blocks leave, by bitcoind's rules and from the
// blocks alone.
func coreHash(t *testing.T, blocks []*btcutil.Block) (hash chainhash.Hash, count uint64) {
	t.Helper()
	left := make(map[wire.OutPoint][]byte)
	for _, b := range blocks {
		for n, tx := range b.Transactions() {
			for _, in := range tx.MsgTx().TxIn {
				delete(left, in.PreviousOutPoint)
			}
			for i, out := range tx.MsgTx().TxOut {
				if len(out.PkScript) > 0 && out.PkScript[0] == txscript.OP_RETURN || len(out.PkScript) > 10_000 {
					continue
				}
				code := uint32(b.Height()) * 2
				if n == 0 {
					code++
				}
				at := wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}
				element := binary.LittleEndian.AppendUint32(bytes.Clone(at.Hash[:]), at.Index)
				element = binary.LittleEndian.AppendUint32(element, code)
				w := bytes.NewBuffer(binary.LittleEndian.AppendUint64(element, uint64(out.Value)))
				if err := wire.WriteVarBytes(w, 0, out.PkScript); err != nil {
					t.Fatal(err)
				}
				left[at] = w.Bytes()
			}
		}
	}
	outs := make([]wire.OutPoint, 0, len(left))
	for out := range left {
		outs = append(outs, out)
	}
	slices.SortFunc(outs, func(a, b wire.OutPoint) int {
		return cmp.Or(bytes.Compare(a.Hash[:], b.Hash[:]), cmp.Compare(a.Index, b.Index))
	})
	var all []byte
	for _, out := range outs {
		all = append(all, left[out]...)
	}
	return chainhash.DoubleHashH(all), uint64(len(outs)) // few
}

func wantCoreHash(t *testing.T, when string, c *Chain) {
	t.Helper()
	hash, count := coreHash(t, mainChain(t, c))
	if got := unspent(t, c, SerializedHash); got.Hash != hash || got.Outputs != count {
		t.Errorf("%s: %d outputs, hash %v, want %d, %v", when, got.Outputs, got.Hash, count, hash)
	}
}

// btcd leaves out what can never be spent because it cannot be decoded, bitcoind does not:
// its hashes would be another chain's. They are counted as long as their blocks are on
// the main chain, and are not lost with the end of a process.
func TestOutputsThatCannotBeDecodedCount(t *testing.T) {
	t.Parallel()
	cfg, headers := DefaultConfig(t.TempDir()), memory()
	params := &chaincfg.RegressionNetParams
	c, err := Open(cfg, params, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	broken := [][]byte{{txscript.OP_PUSHDATA1}, {txscript.OP_DATA_5, 1}, {txscript.OP_TRUE, txscript.OP_PUSHDATA4, 1, 0, 0, 0}}
	if _, err := c.Mine(t.Context(), anyone, 101); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Mine(t.Context(), broken[0], 2); err != nil { // a coinbase's as well
		t.Fatal(err)
	}
	wantCoreHash(t, "of coinbases", c)
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: *mainChain(t, c)[0].Transactions()[0].Hash()}, nil, nil))
	for _, script := range [][]byte{broken[1], anyone, broken[2], anyone, {txscript.OP_RETURN, txscript.OP_PUSHDATA1}, broken[0], make([]byte, txscript.MaxScriptSize+1)} {
		tx.AddTxOut(wire.NewTxOut(1000, script))
	}
	before := c.Tip()
	with, err := c.MineTxs(t.Context(), anyone, []*btcutil.Tx{btcutil.NewTx(tx)})
	if err != nil {
		t.Fatal(err)
	}
	without, err := c.MineTxs(t.Context(), anyone, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, with)
	wantCoreHash(t, "connected", c)
	if got := unspent(t, c, NoHash); got.Transactions != 104 {
		t.Errorf("%d transactions: outputs of both kinds are of one", got.Transactions)
	}
	whole := unspent(t, c, MuHash)

	// The process is killed before the last block's record is written.
	tamper := func(do func(meta database.Bucket) error) {
		t.Helper()
		if err := c.db.Update(func(tx database.Tx) error { return do(tx.Metadata()) }); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if c, err = Open(cfg, params, headers, quiet()); err != nil {
			t.Fatal(err)
		}
	}
	tamper(func(meta database.Bucket) error {
		bucket := meta.Bucket(undecodableBucket)
		return bucket.ForEach(func(key, _ []byte) error {
			if bytes.HasSuffix(key, with.Hash()[:]) {
				return bucket.Delete(key)
			}
			return nil
		})
	})
	if got := unspent(t, c, MuHash); got != whole {
		t.Errorf("after a crash %+v, want %+v", got, whole)
	}

	// Another branch becomes the main chain, and is left again.
	mustAccept(t, c, without)
	for c.Tip().Hash == *with.Hash() {
		b := coreBlock(c, anyone)
		b.MsgBlock().Header.PrevBlock = *without.Hash()
		b.MsgBlock().Header.Timestamp = without.MsgBlock().Header.Timestamp.Add(time.Second)
		mustAccept(t, c, solved(b.MsgBlock()))
	}
	if at, _ := c.BlockHash(before.Height + 1); at != *without.Hash() {
		t.Fatal("the branch is not the main chain")
	}
	wantCoreHash(t, "taken back", c)

	tamper(func(meta database.Bucket) error { return meta.DeleteBucket(undecodableBucket) })
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	_, err = c.CountUnspent(t.Context(), MuHash)
	if partial := (*PartialError)(nil); !errors.As(err, &partial) || partial.Dir != cfg.Dir {
		t.Errorf("a hash of a set that is not whole: %v", err)
	}
	if got := unspent(t, c, NoHash); got.Outputs == 0 {
		t.Error("without a hash nothing is counted")
	}
}

// What is stored does not change from release to release.
func TestUndecodableRecord(t *testing.T) {
	out := wire.OutPoint{Hash: chainhash.Hash{1, 31: 2}, Index: 258}
	o := Output{Value: 5_000_000_000, Script: []byte{txscript.OP_PUSHDATA1}, Height: 840_000, Coinbase: true}
	key, value := encodeUndecodable(out, chainhash.Hash{3, 31: 4}, o)
	const zeros = "000000000000000000000000000000000000000000000000000000000000"
	if got, want := key, unhex(t, "01"+zeros+"02"+"00000102"+"03"+zeros+"04"); !bytes.Equal(got, want) {
		t.Errorf("key %x, want %x", got, want)
	}
	if got, want := value, unhex(t, "81a21900"+"00f2052a01000000"+"4c"); !bytes.Equal(got, want) {
		t.Errorf("value %x, want %x", got, want)
	}
	at, block, back, err := decodeUndecodable(key, value)
	if err != nil || at != out || block != (chainhash.Hash{3, 31: 4}) || back.Value != o.Value || back.Height != o.Height || !back.Coinbase || !bytes.Equal(back.Script, o.Script) {
		t.Errorf("%v, %v, %+v: %v", at, block, back, err)
	}
}

// Whatever lies in the database is an output that can be, and stored as it was, or an error.
func FuzzUndecodableRecord(f *testing.F) {
	key, value := encodeUndecodable(wire.OutPoint{Index: 1}, chainhash.Hash{1}, Output{Value: 7, Script: []byte{txscript.OP_DATA_5}, Height: 9})
	f.Add(key, value)
	f.Add(key[1:], value)
	f.Add(key, value[:11])
	f.Fuzz(func(t *testing.T, key, value []byte) {
		out, block, o, err := decodeUndecodable(key, value)
		if err != nil {
			return
		}
		if k, v := encodeUndecodable(out, block, o); !bytes.Equal(k, key) || !bytes.Equal(v, value) || o.Height < 0 || o.Value < 0 {
			t.Errorf("%x %x: %+v, stored as %x %x", key, value, o, k, v)
		}
	})
}
