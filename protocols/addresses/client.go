package addresses

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Found is a peer that another one knows.
type Found struct {
	Peer   peer.ID
	Addrs  []multiaddr.Multiaddr // those that may be dialled, one at least
	Record []byte                // signed by the peer, whole
	Seq    uint64                // of the record
	Seen   time.Time             // as told; it may be any time
}

// Client asks peers for addresses.
type Client struct {
	opener exchange.Opener
	spec   exchange.Spec
	allow  func(multiaddr.Multiaddr) bool
}

// NewClient returns a client of a network, which takes the addresses that allow
// says: [addrlist.Public], or [addrlist.Dialable] on a network that lives on private
// ones.
func NewClient(o exchange.Opener, params *chaincfg.Params, allow func(multiaddr.Multiaddr) bool) *Client {
	return &Client{opener: o, spec: Spec(params), allow: allow}
}

// Known says whether a record, to the byte, was verified before to be the peer's; nil =
// none was.
type Known func(p peer.ID, record []byte) bool

// Ask returns the peers that p tells of, and how many of its entries are of no use:
// not signed by the peer that they name, or without an address that may be dialled.
// These are no fault of p that is worth a charge: a later release may sign otherwise.
func (c *Client) Ask(ctx context.Context, p peer.ID, known Known) (found []Found, useless int, err error) {
	m, err := exchange.Ask(ctx, c.opener, p, c.spec, exchange.Message{Command: getaddr})
	if err != nil {
		return nil, 0, err
	}
	entries, err := addrlist.Decode(m.Payload, MaxEntries)
	if err != nil {
		return nil, 0, &exchange.PeerError{Peer: p, Reason: exchange.ReasonOf(err), Err: err}
	}
	for _, e := range entries {
		if ctx.Err() != nil { // 2,500 signatures take 150 ms
			return found, useless, ctx.Err()
		}
		f, ok := Open(e, c.allow, known)
		if !ok {
			useless++
			continue
		}
		found = append(found, f)
	}
	return found, useless, nil
}

// Open verifies an entry, asked for or announced, unless its record is known, and says
// whether it is of use: signed by the peer that it names, with an address that allow says.
func Open(e addrlist.Entry, allow func(multiaddr.Multiaddr) bool, known Known) (Found, bool) {
	r, err := addrlist.Peek(e.Record)
	if err == nil && (known == nil || !known(r.PeerID, e.Record)) {
		r, err = addrlist.Verify(e.Record)
	}
	if err != nil {
		return Found{}, false
	}
	addrs := multiaddr.FilterAddrs(r.Addrs, allow)
	return Found{Peer: r.PeerID, Addrs: addrs, Record: e.Record, Seq: r.Seq, Seen: e.Seen}, len(addrs) > 0
}
