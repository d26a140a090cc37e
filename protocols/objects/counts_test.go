package objects

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/rawtx"
)

// allocated returns how many bytes f allocates: the least of a few runs, since
// the runtime allocates as well.
func allocated(f func()) uint64 {
	least := ^uint64(0)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// Parts of transactions that claim more than they have.
var (
	version   = []byte{2, 0, 0, 0}
	million   = []byte{0xfe, 0x40, 0x42, 0x0f, 0} // below all of wire's limits but that for inputs
	inputs    = []byte{0xfe, 0x00, 0x7c, 0x0c, 0} // 818,176, below wire's limit for inputs
	nothing   = make([]byte, 41)                  // an input without a script
	output    = make([]byte, 9)                   // an output without a script
	segwit    = []byte{0, 1}
	lockTime  = make([]byte, 4)
	claimants = map[string][]byte{
		"transactions":  million,
		"inputs":        slices.Concat([]byte{1}, version, inputs),
		"outputs":       slices.Concat([]byte{1}, version, []byte{1}, nothing, million),
		"witness items": slices.Concat([]byte{1}, version, segwit, []byte{1}, nothing, []byte{1}, output, million),
		"a script":      slices.Concat([]byte{1}, version, []byte{1}, nothing[:36], million),
	}
)

// Wire's decoder makes room for as many inputs as a message claims: a hundred
// bytes made it take 150 MB.
func TestClaimedCountsTakeNoMemory(t *testing.T) {
	for name, body := range claimants {
		t.Run(name, func(t *testing.T) {
			raw := append(make([]byte, wire.MaxBlockHeaderPayload), body...)
			want := chainhash.DoubleHashH(raw[:wire.MaxBlockHeaderPayload])
			var err error
			got := allocated(func() { _, err = parseBlock("p", raw, want) })
			if exchange.ReasonOf(err) != events.Malformed {
				t.Errorf("%v, want %s", err, events.Malformed)
			}
			if got > 16<<10 {
				t.Errorf("%d bytes allocated for %d", got, len(raw))
			}
			if name == "transactions" {
				return
			}
			got = allocated(func() { _, err = parseTx("p", body[1:], chainhash.Hash{}) })
			if exchange.ReasonOf(err) != events.Malformed || got > 16<<10 {
				t.Errorf("as a transaction: %v, %d bytes allocated", err, got)
			}
		})
	}
}

func TestTheRestFits(t *testing.T) {
	b, s := chain(t)
	for height := range b.Tip().Height() {
		raw := s[*b.At(height + 1).Hash()]
		rest, err := rawtx.SkipAll(raw[wire.MaxBlockHeaderPayload:])
		if err != nil || len(rest) != 0 {
			t.Errorf("block %d: %d bytes left, %v", height+1, len(rest), err)
		}
	}
	whole := slices.Concat([]byte{1}, version, segwit, []byte{1}, nothing, []byte{1}, output, []byte{2, 0, 1, 9}, lockTime)
	if rest, err := rawtx.SkipAll(append(slices.Clone(whole), 7, 7)); err != nil || len(rest) != 2 {
		t.Errorf("%d bytes left, %v", len(rest), err)
	}
	for n := range whole {
		if _, err := rawtx.SkipAll(whole[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
	huge := binary.LittleEndian.AppendUint64([]byte{0xff}, 1<<63+41)
	for _, at := range [][]byte{nil, {1, 2, 0, 0, 0}, slices.Concat([]byte{1}, version, []byte{1}, nothing[:36])} {
		if _, err := rawtx.SkipAll(slices.Concat(at, huge, make([]byte, 100))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("2^63 and more after %x: %v", at, err)
		}
	}
}

// Whatever wire takes, the walk takes too, and sees the same end.
func TestTheWalkIsNoStricterThanWire(t *testing.T) {
	b, s := chain(t)
	good := s[*b.At(103).Hash()]
	taken := 0
	for at := wire.MaxBlockHeaderPayload; at < len(good); at++ {
		for _, change := range []byte{1, 0xff, good[at], ^good[at] ^ 0xfd} {
			raw := slices.Clone(good)
			raw[at] ^= change
			r := bytes.NewReader(raw)
			if new(wire.MsgBlock).Deserialize(r) != nil {
				continue
			}
			taken++
			if rest, err := rawtx.SkipAll(raw[wire.MaxBlockHeaderPayload:]); err != nil || len(rest) != r.Len() {
				t.Errorf("byte %d with %x: %d bytes left, %v; wire leaves %d", at, change, len(rest), err, r.Len())
			}
		}
	}
	if taken < 1000 {
		t.Errorf("wire took %d changed blocks: the test shows nothing", taken)
	}
}
