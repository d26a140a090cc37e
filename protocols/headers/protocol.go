package headers

import (
	"bytes"
	"fmt"
	"math/big"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// MaxHeaders is the most headers of one answer: 2,000 × 81 bytes ≈ 162 KB.
// Source: mechanism 55; Bitcoin Core's MAX_HEADERS_RESULTS.
const MaxHeaders = 2000

// MaxLocator is the most hashes of one locator. Source: Bitcoin Core's
// MAX_LOCATOR_SZ.
const MaxLocator = 101

const (
	getheaders = envelope.Command("getheaders")
	reply      = envelope.Command("headers")

	// One entry more than allowed still fits, so that the sender is told that
	// it sent too many, and not only that its message was too large.
	maxRequest = 4 + 1 + (MaxLocator+1)*chainhash.HashSize + chainhash.HashSize
	maxAnswer  = 3 + (MaxHeaders+1)*(wire.MaxBlockHeaderPayload+1)
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "headers"),
		Net:       params.Net,
		Requests:  envelope.Limits{getheaders: maxRequest},
		Answers:   envelope.Limits{reply: maxAnswer},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second, // a tenth of Core's 2 min: our server reads from memory
		Grace:     5 * time.Second,
		Floor:     8 << 10,         // a full answer within 25 s: slower than any link that can follow a chain
		Idle:      2 * time.Minute, // > the poll of a synced peer, 60 s
	}
}

// Request is getheaders.
type Request struct {
	Locator []chainhash.Hash // newest first
	Stop    chainhash.Hash   // zero = as many as may be
}

// Encode returns the payload. It fails on a locator that is too long.
func (r Request) Encode() ([]byte, error) {
	if len(r.Locator) > MaxLocator {
		return nil, fmt.Errorf("locator of %d hashes, the limit is %d", len(r.Locator), MaxLocator)
	}
	m := wire.MsgGetHeaders{ProtocolVersion: envelope.ProtocolVersion, HashStop: r.Stop}
	for i := range r.Locator {
		m.BlockLocatorHashes = append(m.BlockLocatorHashes, &r.Locator[i])
	}
	return envelope.Marshal(&m)
}

// DecodeRequest reads a payload of getheaders. Faults come as *[envelope.Error].
func DecodeRequest(payload []byte) (Request, error) {
	var m wire.MsgGetHeaders
	if err := envelope.Unmarshal(payload, &m); err != nil {
		return Request{}, err
	}
	if n := len(m.BlockLocatorHashes); n > MaxLocator {
		return Request{}, &envelope.Error{Reason: events.TooMany, Err: fmt.Errorf("locator of %d hashes, the limit is %d", n, MaxLocator)}
	}
	r := Request{Stop: m.HashStop}
	for _, h := range m.BlockLocatorHashes {
		r.Locator = append(r.Locator, *h)
	}
	return r, nil
}

// Encode returns the payload of headers.
func Encode(headers []wire.BlockHeader) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, 3+len(headers)*(wire.MaxBlockHeaderPayload+1)))
	if err := wire.WriteVarInt(w, envelope.ProtocolVersion, uint64(len(headers))); err != nil {
		return nil, err
	}
	for i := range headers {
		if err := headers[i].Serialize(w); err != nil {
			return nil, err
		}
		w.WriteByte(0) // the number of transactions of a block that is not there
	}
	return w.Bytes(), nil
}

// Decode reads a payload of headers. Faults come as *[envelope.Error].
func Decode(payload []byte) ([]wire.BlockHeader, error) {
	const each = wire.MaxBlockHeaderPayload + 1
	r := bytes.NewReader(payload)
	n, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("number of headers: %w", err)}
	}
	if n > MaxHeaders {
		return nil, &envelope.Error{Reason: events.TooManyHeaders, Err: fmt.Errorf("%d headers, the limit is %d", n, MaxHeaders)}
	}
	switch size := uint64(r.Len()); { //nolint:gosec // a length
	case size < n*each:
		return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("%d bytes for %d headers", size, n)}
	case size > n*each:
		return nil, &envelope.Error{Reason: events.TrailingBytes, Err: fmt.Errorf("%d bytes after %d headers", size-n*each, n)}
	}
	headers := make([]wire.BlockHeader, n)
	for i := range headers {
		if err := headers[i].Deserialize(r); err != nil {
			return nil, &envelope.Error{Reason: events.Malformed, Err: err}
		}
		if txs, err := r.ReadByte(); err != nil || txs != 0 {
			return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("header %d claims %d transactions", i, txs)}
		}
	}
	return headers, nil
}

// Check says whether each header is the child of the one before it and carries
// the work that it claims. Whether it is the right work is for whoever knows
// the chain.
func Check(p peer.ID, params *chaincfg.Params, headers []wire.BlockHeader) error {
	var bits uint32
	target := new(big.Int)
	var last chainhash.Hash
	for i := range headers {
		h := &headers[i]
		if i > 0 && h.PrevBlock != last {
			return exchange.Charge(p, events.UnsortedHeaders, "header %d is not the child of header %d", i, i-1)
		}
		last = h.BlockHash()
		if i == 0 || h.Bits != bits {
			bits, target = h.Bits, blockchain.CompactToBig(h.Bits)
			if target.Sign() <= 0 || target.Cmp(params.PowLimit) > 0 {
				return exchange.Charge(p, events.BadProofOfWork, "header %v: difficulty %08x is outside the network's", last, bits)
			}
		}
		if blockchain.HashToBig(&last).Cmp(target) > 0 {
			return exchange.Charge(p, events.BadProofOfWork, "header %v is above its target", last)
		}
	}
	return nil
}
