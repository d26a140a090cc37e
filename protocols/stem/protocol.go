package stem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/rawtx"
)

const (
	dandeliontx = envelope.Command("dandeliontx")

	// MaxPayload holds any standard transaction (400,000 weight units, so 400,000
	// bytes at most) at a power of two. Source: design.md §3.
	MaxPayload = 1 << 19
	// minPayload is what one input and two outputs fit in, as most transactions do.
	minPayload = 1 << 9
	lengthSize = 4 // of the length before the transaction
)

// ErrTooLarge says that a transaction does not fit a message.
var ErrTooLarge = errors.New("transaction is too large for its stem")

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "stem"),
		Net:       params.Net,
		Requests:  envelope.Limits{dandeliontx: MaxPayload},
		Answers:   envelope.Limits{},
		Open:      5 * time.Second, // a stem that waits longer is better fluffed elsewhere
		FirstByte: 20 * time.Second,
		Grace:     5 * time.Second,
		Floor:     64 << 10, // the largest takes 13 s then, less than the embargo's mean
		Idle:      3 * time.Hour,
	}
}

// Encode returns the payload for a serialized transaction.
func Encode(raw []byte) ([]byte, error) {
	if lengthSize+len(raw) > MaxPayload {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(raw), MaxPayload-lengthSize)
	}
	payload := make([]byte, padded(len(raw)))
	binary.LittleEndian.PutUint32(payload, uint32(len(raw))) // below MaxPayload
	copy(payload[lengthSize:], raw)
	return payload, nil
}

// padded returns the size of the payload for a transaction of n bytes.
func padded(n int) int {
	return max(minPayload, 1<<bits.Len(uint(lengthSize+n-1))) // lengths are not negative
}

// Decode reads a payload. Faults come as *[envelope.Error].
func Decode(payload []byte) (*btcutil.Tx, error) {
	if len(payload) < minPayload || len(payload) > MaxPayload {
		return nil, fault(events.BadPadding, "%d bytes are no payload of a stem", len(payload))
	}
	n := int(binary.LittleEndian.Uint32(payload))
	if n == 0 || n > len(payload)-lengthSize {
		return nil, fault(events.Malformed, "a transaction of %d bytes in a payload of %d", n, len(payload))
	}
	if want := padded(n); len(payload) != want {
		return nil, fault(events.BadPadding, "%d bytes for a transaction of %d, want %d", len(payload), n, want)
	}
	raw, rest := payload[lengthSize:lengthSize+n], payload[lengthSize+n:]
	for i, b := range rest {
		if b != 0 {
			return nil, fault(events.BadPadding, "byte %d of the padding is not zero", i)
		}
	}
	return rawtx.Parse(raw)
}

func fault(r events.Reason, format string, args ...any) error {
	return &envelope.Error{Reason: r, Err: fmt.Errorf(format, args...)}
}
