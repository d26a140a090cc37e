package inventory

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// MaxBlocks is the most block hashes of one answer: 500 × 36 bytes = 18 KB.
// Source: design.md §3; Bitcoin's getblocks.
const MaxBlocks = 500

// MaxTxs is the most transaction ids of one answer: 1,024 × 36 bytes = 37 KB,
// as many as one getdata may ask for.
const MaxTxs = 1024

// MaxLocator is the most hashes of one locator. Source: Bitcoin Core's
// MAX_LOCATOR_SZ.
const MaxLocator = 101

const (
	getblocks = envelope.Command("getblocks")
	mempool   = envelope.Command("mempool")
	inv       = envelope.Command("inv")

	// One entry more than allowed still fits, so that the sender is told that
	// it sent too many, and not only that its message was too large.
	maxRequest = 4 + 1 + (MaxLocator+1)*chainhash.HashSize + chainhash.HashSize
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "inventory"),
		Net:       params.Net,
		Requests:  envelope.Limits{getblocks: maxRequest, mempool: 0},
		Answers:   envelope.Limits{inv: invlist.Size(MaxTxs + 1)},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second,
		Grace:     5 * time.Second,
		Floor:     8 << 10,
		Idle:      2 * time.Minute,
	}
}

// encodeGetBlocks returns the payload of getblocks.
func encodeGetBlocks(locator []chainhash.Hash, stop chainhash.Hash) ([]byte, error) {
	if len(locator) > MaxLocator {
		return nil, fmt.Errorf("locator of %d hashes, the limit is %d", len(locator), MaxLocator)
	}
	m := wire.MsgGetBlocks{ProtocolVersion: envelope.ProtocolVersion, HashStop: stop}
	for i := range locator {
		m.BlockLocatorHashes = append(m.BlockLocatorHashes, &locator[i])
	}
	return envelope.Marshal(&m)
}

// decodeGetBlocks reads a payload of getblocks. Faults come as *[envelope.Error].
func decodeGetBlocks(payload []byte) (locator []chainhash.Hash, stop chainhash.Hash, err error) {
	var m wire.MsgGetBlocks
	if err := envelope.Unmarshal(payload, &m); err != nil {
		return nil, stop, err
	}
	if n := len(m.BlockLocatorHashes); n > MaxLocator {
		return nil, stop, &envelope.Error{Reason: events.TooMany, Err: fmt.Errorf("locator of %d hashes, the limit is %d", n, MaxLocator)}
	}
	for _, h := range m.BlockLocatorHashes {
		locator = append(locator, *h)
	}
	return locator, m.HashStop, nil
}

// decodeInv reads a payload of inv that may hold so many entries of one type.
// Faults come as *[envelope.Error].
func decodeInv(payload []byte, kind wire.InvType, most int) ([]chainhash.Hash, error) {
	vectors, err := invlist.Decode(payload, most)
	if err != nil {
		return nil, err
	}
	hashes := make([]chainhash.Hash, len(vectors))
	for i, v := range vectors {
		if v.Type != kind {
			return nil, &envelope.Error{Reason: events.Unasked, Err: fmt.Errorf("entry %d is a %s, not a %s", i, v.Type, kind)}
		}
		hashes[i] = v.Hash
	}
	return hashes, nil
}
