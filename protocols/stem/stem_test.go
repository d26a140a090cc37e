package stem

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

var params = &chaincfg.RegressionNetParams

// sized returns a serialized transaction of about n bytes, and always the same.
func sized(tb testing.TB, n int) []byte {
	tb.Helper()
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{SignatureScript: make([]byte, max(0, n-70)), Sequence: wire.MaxTxInSequenceNum})
	tx.AddTxOut(wire.NewTxOut(1000, []byte{txscript.OP_TRUE}))
	var w bytes.Buffer
	if err := tx.Serialize(&w); err != nil {
		tb.Fatal(err)
	}
	return w.Bytes()
}

func TestPayloadsArePowersOfTwo(t *testing.T) {
	for _, c := range []struct{ raw, payload int }{
		{1, 512}, {508, 512}, {509, 1024}, {1020, 1024}, {1021, 2048}, {MaxPayload - 4, MaxPayload},
	} {
		payload, err := Encode(make([]byte, c.raw))
		if err != nil || len(payload) != c.payload {
			t.Errorf("%d bytes take %d, %v; want %d", c.raw, len(payload), err, c.payload)
		}
	}
	if _, err := Encode(make([]byte, MaxPayload-3)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want %v", err, ErrTooLarge)
	}
}

// The payload of Bitcoin's first transaction, byte by byte.
func TestGoldenPayload(t *testing.T) {
	var w bytes.Buffer
	if err := chaincfg.MainNetParams.GenesisBlock.Transactions[0].Serialize(&w); err != nil {
		t.Fatal(err)
	}
	payload, err := Encode(w.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	const want = "cc000000" + // 204 bytes
		"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65" +
		"732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f72206261" +
		"6e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38" +
		"c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
	golden, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	if golden = append(golden, make([]byte, 512-len(golden))...); !bytes.Equal(payload, golden) {
		t.Errorf("%x", payload)
	}
	tx, err := Decode(payload)
	if err != nil || tx.Hash().String() != "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b" {
		t.Errorf("%v, %v", tx, err)
	}
}

// broken are payloads that no honest peer sends.
func broken(tb testing.TB) map[string]struct {
	payload []byte
	want    events.Reason
} {
	tb.Helper()
	good, err := Encode(sized(tb, 200))
	if err != nil {
		tb.Fatal(err)
	}
	change := func(at int, b byte) []byte {
		p := slices.Clone(good)
		p[at] = b
		return p
	}
	cut := slices.Concat([]byte{100, 0, 0, 0}, sized(tb, 200)[:100], make([]byte, 408))
	more := sized(tb, 200)
	more = slices.Concat([]byte{byte(len(more) + 1), 0, 0, 0}, more, make([]byte, 508-len(more)))
	return map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":              {nil, events.BadPadding},
		"no power of two":      {good[:len(good)-1], events.BadPadding},
		"too much padding":     {append(slices.Clone(good), make([]byte, 512)...), events.BadPadding},
		"padding of ones":      {change(511, 1), events.BadPadding},
		"no transaction":       {make([]byte, 512), events.Malformed},
		"a length beyond":      {change(1, 2), events.Malformed},
		"a huge length":        {change(3, 0xff), events.Malformed},
		"a transaction cut":    {cut, events.Malformed},
		"a byte in its length": {more, events.TrailingBytes},
	}
}

func TestBrokenPayloadsAreRefused(t *testing.T) {
	for name, c := range broken(t) {
		_, err := Decode(c.payload)
		if fault, ok := errors.AsType[*envelope.Error](err); !ok || fault.Reason != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// There is one payload for a transaction: what is taken comes out the same.
func FuzzDecode(f *testing.F) {
	for _, n := range []int{100, 600, 5000} {
		payload, err := Encode(sized(f, n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	for _, c := range broken(f) {
		f.Add(c.payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		tx, err := Decode(payload)
		if err != nil {
			return
		}
		var w bytes.Buffer
		if err := tx.MsgTx().Serialize(&w); err != nil {
			t.Fatal(err)
		}
		again, err := Encode(w.Bytes())
		if err != nil || len(again) > MaxPayload || !bytes.Equal(again, payload) {
			t.Errorf("%x became %x: %v", payload, again, err)
		}
	})
}
