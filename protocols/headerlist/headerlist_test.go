package headerlist

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// Block 1 of Bitcoin's mainnet as a headers message carries it.
const goldenBlock1 = "01010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000" +
	"982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e3629900"

func reason(err error) events.Reason {
	if fault, ok := errors.AsType[*envelope.Error](err); ok {
		return fault.Reason
	}
	return ""
}

func TestGoldenMainnetHeader(t *testing.T) {
	raw, err := hex.DecodeString(goldenBlock1)
	if err != nil {
		t.Fatal(err)
	}
	hs, err := Decode(raw, 1, events.TooMany)
	if err != nil || len(hs) != 1 || hs[0].BlockHash().String() != "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048" {
		t.Fatalf("%v, %v", hs, err)
	}
	if err := Check(&chaincfg.MainNetParams, append([]wire.BlockHeader{chaincfg.MainNetParams.GenesisBlock.Header}, hs...)); err != nil {
		t.Error(err)
	}
	if again, err := Encode(hs); err != nil || !bytes.Equal(again, raw) {
		t.Errorf("%x, %v", again, err)
	}
	// wire's own message is the same but for the reading of its limit.
	var m wire.MsgHeaders
	if err := envelope.Unmarshal(raw, &m); err != nil || *m.Headers[0] != hs[0] {
		t.Errorf("wire disagrees: %v", err)
	}
}

func TestDecodeFaults(t *testing.T) {
	good, err := Encode(chaingen.Headers(chaincfg.RegressionNetParams.GenesisBlock.Header, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	claims := slices.Clone(good)
	claims[81] = 1
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":                 {nil, events.Malformed},
		"too many":                {append([]byte{4}, make([]byte, 4*entry)...), events.TooManyHeaders},
		"2^32 headers":            {[]byte{0xfe, 0xff, 0xff, 0xff, 0xff}, events.TooManyHeaders},
		"2^64-1 headers":          {append([]byte{0xff}, bytes.Repeat([]byte{0xff}, 8)...), events.TooManyHeaders},
		"cut off":                 {good[:len(good)-1], events.Malformed},
		"a byte too many":         {append(slices.Clone(good), 0), events.TrailingBytes},
		"transactions":            {claims, events.Malformed},
		"a number in a long form": {[]byte{0xfd, 1, 0}, events.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(c.payload, 3, events.TooManyHeaders); reason(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestCheckFaults(t *testing.T) {
	params := &chaincfg.RegressionNetParams
	good := chaingen.Headers(params.GenesisBlock.Header, 5, 1)
	change := func(at int, f func(*wire.BlockHeader)) []wire.BlockHeader {
		hs := slices.Clone(good)
		f(&hs[at])
		return hs
	}
	for name, c := range map[string]struct {
		headers []wire.BlockHeader
		want    events.Reason
	}{
		"none":                {nil, ""},
		"all good":            {good, ""},
		"one is left out":     {append(slices.Clone(good[:2]), good[3:]...), events.UnsortedHeaders},
		"a target of zero":    {change(0, func(h *wire.BlockHeader) { h.Bits = 0 }), events.BadProofOfWork},
		"a negative target":   {change(0, func(h *wire.BlockHeader) { h.Bits = 0x04923456 }), events.BadProofOfWork},
		"a target too easy":   {change(0, func(h *wire.BlockHeader) { h.Bits = 0x217fffff }), events.BadProofOfWork},
		"a target not met":    {change(0, func(h *wire.BlockHeader) { h.Bits = 0x1d00ffff }), events.BadProofOfWork},
		"the last one's work": {change(4, func(h *wire.BlockHeader) { h.Bits = 0x1d00ffff }), events.BadProofOfWork},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Check(params, c.headers); reason(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := hex.DecodeString(goldenBlock1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, payload []byte) {
		hs, err := Decode(payload, 2000, events.TooManyHeaders)
		if err != nil {
			if reason(err) == "" {
				t.Errorf("no reason: %v", err)
			}
			return
		}
		if again, err := Encode(hs); err != nil || !bytes.Equal(again, payload) {
			t.Errorf("%x became %x: %v", payload, again, err)
		}
		_ = Check(&chaincfg.RegressionNetParams, hs) // no panic
	})
}
