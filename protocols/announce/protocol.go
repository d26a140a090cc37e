package announce

import (
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// MaxEntries is the most hashes, headers or addresses of one message.
// Source: design.md §3.
const MaxEntries = 1024

const (
	headers = envelope.Command("headers")
	inv     = envelope.Command("inv")
	addr    = envelope.Command("addr")

	addrSize = 8 + 3 + addrlist.MaxRecord // time, length, signed record
	maxAddr  = 3 + MaxEntries*addrSize    // 2.1 MB
)

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "announce"),
		Net:       params.Net,
		Requests:  envelope.Limits{headers: headerlist.Size(MaxEntries + 1), inv: invlist.Size(MaxEntries + 1), addr: maxAddr},
		Answers:   envelope.Limits{},
		Open:      15 * time.Second,
		FirstByte: 20 * time.Second,
		Grace:     5 * time.Second,
		Floor:     8 << 10,
		Idle:      3 * time.Hour, // one gap of 3 h between blocks of 10 min is expected in 3,000 years
	}
}
