package rawtx

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// coinbase is Bitcoin's first transaction.
func coinbase(tb testing.TB) []byte {
	tb.Helper()
	var w bytes.Buffer
	if err := chaincfg.MainNetParams.GenesisBlock.Transactions[0].Serialize(&w); err != nil {
		tb.Fatal(err)
	}
	return w.Bytes()
}

func TestParse(t *testing.T) {
	raw := coinbase(t)
	tx, err := Parse(raw)
	if err != nil || tx.Hash().String() != "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b" {
		t.Errorf("%v, %v", tx, err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want events.Reason
	}{
		"nothing":       {nil, events.Malformed},
		"cut off":       {raw[:len(raw)-1], events.Malformed},
		"a byte more":   {append(bytes.Clone(raw), 0), events.TrailingBytes},
		"a huge count":  {append(bytes.Clone(raw[:4]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), events.Malformed},
		"no inputs":     {append(bytes.Clone(raw[:4]), 0, 0), events.Malformed},
		"a flag of two": {append(bytes.Clone(raw[:4]), 0, 2, 1), events.Malformed},
	} {
		_, err := Parse(c.raw)
		if fault, ok := errors.AsType[*envelope.Error](err); !ok || fault.Reason != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// What is taken is one transaction and comes out as it went in.
func FuzzParse(f *testing.F) {
	f.Add(coinbase(f))
	f.Add([]byte{2, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := Parse(raw)
		if err != nil {
			return
		}
		var w bytes.Buffer
		if err := tx.MsgTx().Serialize(&w); err != nil {
			t.Fatal(err)
		}
		again, err := btcutil.NewTxFromBytes(w.Bytes())
		if err != nil || *again.WitnessHash() != *tx.WitnessHash() {
			t.Errorf("%x came out as %x: %v", raw, w.Bytes(), err)
		}
	})
}
