package envelope

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
)

// FuzzDecode: no input makes Decode or Read panic; both agree; what they take is
// what Append writes; neither allocates more than the input warrants.
func FuzzDecode(f *testing.F) {
	for _, g := range golden {
		f.Add(unhex(f, g.hex))
	}
	f.Add(announce(MaxPayload, 100))
	f.Add(announce(100_000, 70_000))
	f.Add(twist(15, 'x'))
	f.Add([]byte{})
	limits := Limits{"verack": 0, "version": 1 << 10, "addr": 1 << 16, "block": MaxPayload, "tx": 400_000}
	f.Fuzz(func(t *testing.T, data []byte) {
		cmd, payload, err := Decode(data, wire.MainNet, limits)
		again, copied, errRead := Read(bytes.NewReader(data), wire.MainNet, limits)
		if err == nil {
			if got := Append(nil, wire.MainNet, cmd, payload); !bytes.Equal(got, data) {
				t.Errorf("encoded again: %x, was %x", got, data)
			}
			if errRead != nil || again != cmd || !bytes.Equal(copied, payload) {
				t.Errorf("Read = %q, %x, %v; Decode = %q, %x", again, copied, errRead, cmd, payload)
			}
		}
		var fault *Error
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("error %v without a reason", err)
		}
		got := allocated(func() { _, _, _ = Read(bytes.NewReader(data), wire.MainNet, limits) })
		if limit := uint64(4*len(data) + 64<<10); got > limit {
			t.Errorf("%d bytes allocated for %d, want at most %d", got, len(data), limit)
		}
	})
}
