package stempool

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Each shape of an input with the most signatures that it makes a node verify: what
// is charged is never below.
func TestChecksAreBoundedFromAbove(t *testing.T) {
	sig, pubkey := bytes.Repeat([]byte{0x30}, 72), append([]byte{2}, bytes.Repeat([]byte{0x20}, 32)...)
	multisig := func(m, n int) []byte {
		b := txscript.NewScriptBuilder().AddInt64(int64(m))
		for range n {
			b.AddData(pubkey)
		}
		return must(t, b.AddInt64(int64(n)).AddOp(txscript.OP_CHECKMULTISIG))
	}
	push := func(items ...[]byte) []byte {
		b := txscript.NewScriptBuilder()
		for _, item := range items {
			b.AddData(item)
		}
		return must(t, b)
	}
	many := bytes.Repeat([]byte{txscript.OP_3DUP, txscript.OP_CHECKSIGVERIFY}, 100)
	control := append([]byte{0xc1}, make([]byte, 64)...)
	for name, c := range map[string]struct {
		script  []byte
		witness wire.TxWitness
		runs    int // signatures that can be verified
		atMost  int
	}{
		"nothing to show":      {nil, nil, 0, 1},
		"P2PKH":                {push(sig, pubkey), nil, 1, 1},
		"bare 3 of 3":          {push(nil, sig, sig, sig), nil, 3, 3},
		"P2SH 2 of 15":         {push(nil, sig, sig, multisig(2, 15)), nil, 15, 15},
		"P2WPKH":               {nil, wire.TxWitness{sig, pubkey}, 1, 1},
		"P2SH-P2WPKH":          {push(append([]byte{0, 20}, make([]byte, 20)...)), wire.TxWitness{sig, pubkey}, 1, 1},
		"P2WSH 1 of 20":        {nil, wire.TxWitness{nil, sig, multisig(1, 16)}, 16, 16},
		"one, checked often":   {nil, wire.TxWitness{sig, pubkey, many}, 100, 100},
		"P2TR by key":          {nil, wire.TxWitness{bytes.Repeat([]byte{1}, 64)}, 1, 1},
		"P2TR by script":       {nil, wire.TxWitness{sig[:64], push(pubkey[1:]), control}, 1, 5},
		"P2TR, annex":          {nil, wire.TxWitness{sig[:64], push(pubkey[1:]), control, {annexTag}}, 1, 5},
		"P2TR, large":          {nil, wire.TxWitness{make([]byte, 100_000), many, control}, 2001, 2010},
		"too long for a P2WSH": {nil, wire.TxWitness{bytes.Repeat([]byte{txscript.OP_CHECKSIG}, 20_000)}, 0, 1},
	} {
		tx := wire.NewMsgTx(2)
		tx.AddTxIn(&wire.TxIn{SignatureScript: c.script, Witness: c.witness})
		if got := checks(btcutil.NewTx(tx)); got < c.runs || got > c.atMost {
			t.Errorf("%s: charged for %d, want %d to %d", name, got, c.runs, c.atMost)
		}
	}
	all := wire.NewMsgTx(2)
	for range 1000 {
		all.AddTxIn(&wire.TxIn{Witness: wire.TxWitness{many}})
	}
	if got := checks(btcutil.NewTx(all)); got != maxChecks {
		t.Errorf("charged for %d, want no more than a block may have, %d", got, maxChecks)
	}
}

func must(t *testing.T, b *txscript.ScriptBuilder) []byte {
	t.Helper()
	script, err := b.Script()
	if err != nil {
		t.Fatal(err)
	}
	return script
}

func heap() int {
	runtime.GC()
	runtime.GC() // what finalizers have freed
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// The estimate is what bounds the memory, so it must not be below what a pool takes:
// measured 0.73 of it with small transactions.
func TestMemoryIsNotAboveTheEstimate(t *testing.T) {
	const edges, each = 20, 500
	l := newLedger(each)
	var raws [][]byte
	for i := range edges {
		for _, c := range l.coins {
			raws = append(raws, raw(t, pay(1000+int64(i), c)))
		}
	}
	before := heap()
	p := l.stems(func(c *Config) { c.Count.Burst, c.Bytes.Burst = 1e9, 1e9 })
	for i, b := range raws {
		tx, err := btcutil.NewTxFromBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		mustAdd(t, p, peer.ID(rune('a'+i/each)), tx)
	}
	took := heap() - before
	if took > p.bytes {
		t.Errorf("%d transactions take %d bytes, the estimate is %d", p.Len(), took, p.bytes)
	}
	runtime.KeepAlive(p)
}

// An empty witness item is a byte on the wire and a slice in memory.
func TestMemoryOfEmptyItems(t *testing.T) {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{Witness: make(wire.TxWitness, 300_000)})
	tx.AddTxOut(wire.NewTxOut(1, nil))
	b := raw(t, btcutil.NewTx(tx))
	before := heap()
	back, err := btcutil.NewTxFromBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	if took := heap() - before; took > memory(back)*11/10 || len(b) > took/10 {
		t.Errorf("%d bytes on the wire take %d, the estimate is %d", len(b), took, memory(back))
	}
	runtime.KeepAlive(back)
}
