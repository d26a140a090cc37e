package objects

import (
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// ErrNotFound says that an object is not there, or not to be served.
var ErrNotFound = errors.New("no such object")

// MaxItems is the most objects of one getdata: a download window's worth,
// 1,024 × 36 bytes = 37 KB. Source: design.md §3.
const MaxItems = 1024

const (
	getdata  = envelope.Command("getdata")
	notfound = envelope.Command("notfound")
	block    = envelope.Command("block")
	tx       = envelope.Command("tx")

	// entry is the size of one inventory vector, in bytes.
	entry = 4 + chainhash.HashSize

	// One entry more than allowed still fits, so that the sender is told that
	// it sent too many, and not only that its message was too large.
	maxRequest = 3 + (MaxItems+1)*entry
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:       exchange.ID(params, "objects"),
		Net:      params.Net,
		Requests: envelope.Limits{getdata: maxRequest},
		Answers: envelope.Limits{
			block:    envelope.MaxPayload,
			tx:       envelope.MaxPayload,
			notfound: 1 + entry,
		},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second, // a block read from a busy disk; the scheduler re-asks elsewhere long before
		Grace:     10 * time.Second,
		Floor:     64 << 10,         // 4 MB within 71 s; Core gives a block 10 minutes and more
		Idle:      10 * time.Minute, // the rest between two blocks of a network in step
	}
}

// encodeItems returns the payload of getdata or notfound.
func encodeItems(kind wire.InvType, hashes []chainhash.Hash) ([]byte, error) {
	m := wire.NewMsgGetDataSizeHint(uint(len(hashes)))
	for i := range hashes {
		if err := m.AddInvVect(wire.NewInvVect(kind, &hashes[i])); err != nil {
			return nil, err
		}
	}
	return envelope.Marshal(m)
}

// decodeItems reads a payload of getdata or notfound. Faults come as
// *[envelope.Error].
func decodeItems(payload []byte, most int) ([]*wire.InvVect, error) {
	var m wire.MsgGetData
	if err := envelope.Unmarshal(payload, &m); err != nil {
		return nil, err
	}
	if n := len(m.InvList); n > most {
		return nil, &envelope.Error{Reason: events.TooMany, Err: fmt.Errorf("%d items, the limit is %d", n, most)}
	}
	return m.InvList, nil
}
