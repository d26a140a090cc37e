package objects

import (
	"errors"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
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
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:       exchange.ID(params, "objects"),
		Net:      params.Net,
		Requests: envelope.Limits{getdata: invlist.Size(MaxItems + 1)}, // one more, to be told that it was one too many
		Answers: envelope.Limits{
			block:    envelope.MaxPayload,
			tx:       envelope.MaxPayload,
			notfound: invlist.Size(1),
		},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second, // a block read from a busy disk; the scheduler re-asks elsewhere long before
		Grace:     10 * time.Second,
		Floor:     64 << 10,         // 4 MB within 71 s; Core gives a block 10 minutes and more
		Idle:      10 * time.Minute, // the rest between two blocks of a network in step
	}
}
