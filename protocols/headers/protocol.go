package headers

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
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
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "headers"),
		Net:       params.Net,
		Requests:  envelope.Limits{getheaders: maxRequest},
		Answers:   envelope.Limits{reply: headerlist.Size(MaxHeaders + 1)},
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
func Encode(headers []wire.BlockHeader) ([]byte, error) { return headerlist.Encode(headers) }

// Decode reads a payload of headers. Faults come as *[envelope.Error].
func Decode(payload []byte) ([]wire.BlockHeader, error) {
	return headerlist.Decode(payload, MaxHeaders, events.TooManyHeaders)
}

// Check is [headerlist.Check], with the fault charged to the peer.
func Check(p peer.ID, params *chaincfg.Params, headers []wire.BlockHeader) error {
	if err := headerlist.Check(params, headers); err != nil {
		return &exchange.PeerError{Peer: p, Reason: exchange.ReasonOf(err), Err: err}
	}
	return nil
}
