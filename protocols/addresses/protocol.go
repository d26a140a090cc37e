package addresses

import (
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// MaxEntries is the most peers of one answer. Source: mechanism 42.
const MaxEntries = 2500

// MaxPayload is the most bytes of one answer: 2,500 records of 410 bytes. Those with
// Ed25519 keys have 250; what does not fit is left out.
const MaxPayload = 1 << 20

const (
	getaddr = envelope.Command("getaddr")
	addr    = envelope.Command("addr")
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "addresses"),
		Net:       params.Net,
		Requests:  envelope.Limits{getaddr: 0},
		Answers:   envelope.Limits{addr: MaxPayload},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second,
		Grace:     5 * time.Second,
		Floor:     8 << 10,
	}
}
