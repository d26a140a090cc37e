package invlist

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

func reason(err error) events.Reason {
	if fault, ok := errors.AsType[*envelope.Error](err); ok {
		return fault.Reason
	}
	return ""
}

// The bytes are those of wire's own message.
func TestEncodeIsBitcoins(t *testing.T) {
	hashes := []chainhash.Hash{{1}, {2}, {3}}
	m := wire.NewMsgInv()
	for i := range hashes {
		if err := m.AddInvVect(wire.NewInvVect(wire.InvTypeWitnessBlock, &hashes[i])); err != nil {
			t.Fatal(err)
		}
	}
	want, err := envelope.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Encode(wire.InvTypeWitnessBlock, hashes)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	if len(got) != int(Size(len(hashes))) {
		t.Errorf("%d bytes, Size says %d", len(got), Size(len(hashes)))
	}
}

func TestDecodeFaults(t *testing.T) {
	good, err := Encode(wire.InvTypeTx, make([]chainhash.Hash, 3))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":                 {nil, events.Malformed},
		"too many":                {append([]byte{4}, make([]byte, 4*entry)...), events.TooMany},
		"50,000 in three bytes":   {[]byte{0xfd, 0x50, 0xc3}, events.TooMany},
		"three in one byte":       {[]byte{3}, events.Malformed},
		"cut off":                 {good[:len(good)-1], events.Malformed},
		"a byte too many":         {append(slices.Clone(good), 0), events.TrailingBytes},
		"a number in a long form": {[]byte{0xfd, 1, 0}, events.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(c.payload, 3); reason(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	good, err := Encode(wire.InvTypeTx, []chainhash.Hash{{1}, {2}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, payload []byte) {
		vectors, err := Decode(payload, 1024)
		if err != nil {
			if reason(err) == "" {
				t.Errorf("no reason: %v", err)
			}
			return
		}
		hashes := make([]chainhash.Hash, len(vectors))
		for i, v := range vectors {
			if hashes[i] = v.Hash; v.Type != vectors[0].Type {
				return
			}
		}
		if len(vectors) == 0 {
			return
		}
		if again, err := Encode(vectors[0].Type, hashes); err != nil || !bytes.Equal(again, payload) {
			t.Errorf("%x became %x: %v", payload, again, err)
		}
	})
}
