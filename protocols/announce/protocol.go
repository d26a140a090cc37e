package announce

import (
	"bytes"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// MaxEntries is the most hashes, headers or addresses of one message.
// Source: design.md §3.
const MaxEntries = 1024

const (
	headers = envelope.Command("headers")
	inv     = envelope.Command("inv")
	addr    = envelope.Command("addr")

	headerSize = wire.MaxBlockHeaderPayload + 1 // with its empty list of transactions
	vectorSize = 4 + chainhash.HashSize         // an inventory vector
	addrSize   = 8 + 3 + 2048                   // time, length, signed record (design.md §3)
	maxHeaders = 3 + (MaxEntries+1)*headerSize  // one more, to be told that it was one too many
	maxInv     = 3 + (MaxEntries+1)*vectorSize  //
	maxAddr    = 3 + MaxEntries*addrSize        // 2.1 MB
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "announce"),
		Net:       params.Net,
		Requests:  envelope.Limits{headers: maxHeaders, inv: maxInv, addr: maxAddr},
		Answers:   envelope.Limits{},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second,
		Grace:     5 * time.Second,
		Floor:     8 << 10,
		Idle:      3 * time.Hour, // one gap of 3 h between blocks of 10 min is expected in 3,000 years
	}
}

// encode returns the payload of headers.
func encode(hs []wire.BlockHeader) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, 3+len(hs)*headerSize))
	if err := wire.WriteVarInt(w, envelope.ProtocolVersion, uint64(len(hs))); err != nil {
		return nil, err
	}
	for i := range hs {
		if err := hs[i].Serialize(w); err != nil {
			return nil, err
		}
		w.WriteByte(0)
	}
	return w.Bytes(), nil
}

// decode reads a payload of headers. Faults come as *[envelope.Error].
func decode(payload []byte) ([]wire.BlockHeader, error) {
	r := bytes.NewReader(payload)
	n, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("number of headers: %w", err)}
	}
	if n > MaxEntries {
		return nil, &envelope.Error{Reason: events.TooMany, Err: fmt.Errorf("%d headers, the limit is %d", n, MaxEntries)}
	}
	switch size := uint64(r.Len()); { //nolint:gosec // a length
	case size < n*headerSize:
		return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("%d bytes for %d headers", size, n)}
	case size > n*headerSize:
		return nil, &envelope.Error{Reason: events.TrailingBytes, Err: fmt.Errorf("%d bytes after %d headers", size-n*headerSize, n)}
	}
	hs := make([]wire.BlockHeader, n)
	for i := range hs {
		if err := hs[i].Deserialize(r); err != nil {
			return nil, &envelope.Error{Reason: events.Malformed, Err: err}
		}
		if txs, err := r.ReadByte(); err != nil || txs != 0 {
			return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("header %d claims %d transactions", i, txs)}
		}
	}
	return hs, nil
}
