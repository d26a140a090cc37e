package chain

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
)

// Outputs of the main chain as btcd keeps them. Source: the comments of its chainio.go.
func TestStoredOutput(t *testing.T) {
	for _, x := range []struct {
		stored, script string
		height         int32
		value          btcutil.Amount
		coinbase       bool
	}{
		{
			"03320496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c52",
			"410496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac",
			1, 5_000_000_000, true,
		},
		{"8cf316800900b8025be1b3efc63b0ad48e7f9f10e87544528d58", "76a914b8025be1b3efc63b0ad48e7f9f10e87544528d5888ac", 113931, 15_000_000, false},
		{"a8a2588ba5b9e763011dd46a006572d820e448e12d2bbb38640bc718e6", "a9141dd46a006572d820e448e12d2bbb38640bc718e687", 338156, 366_875_659, false},
	} {
		got, err := storedOutput(unhex(t, x.stored))
		if err != nil || got.Height != x.height || got.Value != x.value || got.Coinbase != x.coinbase || hex.EncodeToString(got.Script) != x.script {
			t.Errorf("%s: %+v: %v", x.stored, got, err)
		}
		for cut := range len(x.stored) / 2 {
			if _, err := storedOutput(unhex(t, x.stored)[:cut]); !errors.Is(err, errStored) {
				t.Errorf("%s cut to %d bytes: %v", x.stored, cut, err)
			}
		}
	}
}

func TestStoredOutPoint(t *testing.T) {
	id := bytes.Repeat([]byte{7}, 32)
	for _, x := range []struct {
		index string
		want  uint32
		fails bool
	}{
		{index: "00"},
		{index: "7f", want: 127},
		{index: "8000", want: 128},
		{index: "ff7f", want: 16511},
		{index: "808000", want: 16512},
		{index: "8efefefe7f", want: 1<<32 - 1},
		{index: "8efeff0000", fails: true}, // trailing
		{index: "8efefeff00", fails: true}, // 2^32
		{index: "80", fails: true},
		{index: "", fails: true},
		{index: "80fefefefefefefefeff00", fails: true}, // 2^64
	} {
		got, err := storedOutPoint(append(id, unhex(t, x.index)...))
		if x.fails {
			if !errors.Is(err, errStored) {
				t.Errorf("%s: %v, %v", x.index, got, err)
			}
			continue
		}
		if err != nil || got.Index != x.want || !bytes.Equal(got.Hash[:], id) {
			t.Errorf("%s: %v, want %d: %v", x.index, got, x.want, err)
		}
	}
}

// Whatever lies in the database, decoding it ends with an output that can be, or an error.
func FuzzStoredOutput(f *testing.F) {
	for _, script := range scripts(f) {
		f.Add(append([]byte{3, 50, byte(len(script)) + fullScript}, script...))
	}
	f.Add(unhex(f, "03320496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c52"))
	f.Add(unhex(f, "8cf316800900b8025be1b3efc63b0ad48e7f9f10e87544528d58"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := storedOutput(raw)
		if err != nil {
			return
		}
		if o.Height < 0 || o.Value < 0 || o.Value > btcutil.MaxSatoshi || len(o.Script) > max(len(raw), 67) {
			t.Errorf("%x: %+v", raw, o)
		}
		if again, err := storedOutput(raw); err != nil || again.Value != o.Value || !bytes.Equal(again.Script, o.Script) {
			t.Errorf("%x: %+v, then %+v: %v", raw, o, again, err)
		}
	})
}
