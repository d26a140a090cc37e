package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

const (
	// maxPage is the most entries of the address book that one call gives or takes:
	// 1,000 of 600 bytes, below the 1 MiB that a request may have.
	maxPage = 1000
	// maxLine is the longest entry that is taken, in characters: a record of 2,048
	// bytes in base64, and addresses.
	maxLine = 8 << 10
)

// Known answers which peers the address book knows.
type Known interface {
	// Known returns up to most entries after a peer, "" for the first, in the order of ids.
	Known(after peer.ID, most int) []KnownPeer
	// Count returns how many entries the tables have.
	Count() KnownCount
	// Learn enters what the operator says of a peer: a signed record, or addresses.
	// new is false for one that was there already; the error says why it is not taken.
	Learn(p KnownPeer) (isNew bool, err error)
}

// KnownPeer is an entry of the address book.
type KnownPeer struct {
	ID       peer.ID
	Addrs    []multiaddr.Multiaddr // without /p2p
	Record   []byte                // signed envelope, nil = none
	Services uint64
	Seen     time.Time // when somebody last had a link to it
	Tried    bool
	Usable   bool // worth a dial
}

// KnownCount is the size of the address book, by kind of address.
type KnownCount struct{ NewIPv4, TriedIPv4, NewIPv6, TriedIPv6 int }

func (d *dispatcher) knownMethods() []method {
	return []method{
		{
			name: "getnodeaddresses", handle: d.getNodeAddresses, heavy: true,
			args: []argument{{name: "count", optional: true}, {name: "network", optional: true}},
			summary: "Returns known peers that are worth a dial, drawn at random: count of them (1 if left out, all with 0), of one network (ipv4 or ipv6) if named. " +
				"A dial takes the multiaddrs and the peer id.",
		},
		{
			name: "getaddrmaninfo", handle: d.getAddrmanInfo,
			summary: "Returns how many peers the address book knows, by network: new, of which others have told, and tried, with which this node has shaken hands.",
		},
		{
			name: "exportaddresses", handle: d.exportAddresses, heavy: true,
			args:    []argument{{name: "after", optional: true}, {name: "count", optional: true}},
			summary: "Returns entries of the address book in the order of peer ids, those after the given one, at most 1,000 at a time, with the records that the peers have signed. importaddresses takes them.",
		},
		{
			name: "importaddresses", handle: d.importAddresses, heavy: true,
			args: []argument{{name: "entries"}},
			summary: "Enters peers into the address book: an array of at most 1,000, each as exportaddresses has it, or a multiaddr that ends in /p2p/<peer id>. " +
				"A record must be signed by the peer it names, and its addresses count alone. Answers for each in order: new, known, or why it is refused.",
		},
	}
}

// nodeAddress is a row of getnodeaddresses.
type nodeAddress struct {
	Time       int64    `json:"time"`
	Services   uint64   `json:"services"`
	Address    string   `json:"address"`
	Port       uint16   `json:"port"`
	Network    string   `json:"network"`
	PeerID     string   `json:"peerid"`
	Multiaddrs []string `json:"multiaddrs"`
}

func (d *dispatcher) getNodeAddresses(_ context.Context, a arguments) (any, error) {
	count := int64(1)
	if a.given(0) {
		var err error
		if count, err = a.integer(0); err != nil {
			return nil, err
		}
	}
	if count < 0 {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Address count out of range")
	}
	network := ""
	if a.given(1) {
		var err error
		if network, err = a.text(1); err != nil {
			return nil, err
		}
		switch network {
		case "ipv4", "ipv6":
		case "onion", "i2p", "cjdns": // bitcoind's; a peer of ours is never there
		default:
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Network not recognized: %s", clip(network))
		}
	}
	all := []nodeAddress{}
	for p := range d.everyKnown() {
		if at, ok := endpoint(p.Addrs); ok && p.Usable && (network == "" || familyOf(p.Addrs[0]) == network) {
			all = append(all, describeKnown(p, at))
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if count > 0 && int64(len(all)) > count {
		all = all[:count]
	}
	return all, nil
}

// everyKnown reads the book page by page.
func (d *dispatcher) everyKnown() func(yield func(KnownPeer) bool) {
	return func(yield func(KnownPeer) bool) {
		const page = 10_000 // as few walks through the book, at 6 MB each
		for after := peer.ID(""); ; {
			entries := d.Known.Known(after, page)
			for _, p := range entries {
				if !yield(p) {
					return
				}
			}
			if len(entries) < page {
				return
			}
			after = entries[len(entries)-1].ID
		}
	}
}

// endpoint is the first address as bitcoind writes it.
func endpoint(addrs []multiaddr.Multiaddr) (netip.AddrPort, bool) {
	if len(addrs) == 0 {
		return netip.AddrPort{}, false
	}
	ip := netgroup.IPOf(addrs[0])
	if !ip.IsValid() {
		return netip.AddrPort{}, false
	}
	for _, c := range addrs[0] {
		if code := c.Code(); code == multiaddr.P_TCP || code == multiaddr.P_UDP {
			return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(c.RawValue())), true
		}
	}
	return netip.AddrPort{}, false
}

func describeKnown(p KnownPeer, at netip.AddrPort) nodeAddress {
	n := nodeAddress{
		Time: unix(p.Seen), Services: p.Services, Address: at.Addr().String(), Port: at.Port(), Network: familyOf(p.Addrs[0]),
		PeerID: p.ID.String(), Multiaddrs: []string{},
	}
	for _, m := range p.Addrs {
		n.Multiaddrs = append(n.Multiaddrs, withPeer(m, p.ID))
	}
	return n
}

type tableSizes struct {
	New   int `json:"new"`
	Tried int `json:"tried"`
	Total int `json:"total"`
}

func sizes(fresh, tried int) tableSizes { return tableSizes{fresh, tried, fresh + tried} }

func (d *dispatcher) getAddrmanInfo(context.Context, arguments) (any, error) {
	c := d.Known.Count()
	return map[string]tableSizes{
		"ipv4": sizes(c.NewIPv4, c.TriedIPv4), "ipv6": sizes(c.NewIPv6, c.TriedIPv6),
		"all_networks": sizes(c.NewIPv4+c.NewIPv6, c.TriedIPv4+c.TriedIPv6),
	}, nil
}

// bookEntry is an entry as it is exported, one a line.
type bookEntry struct {
	PeerID   string   `json:"peerid"`
	Addrs    []string `json:"addrs"`
	Record   string   `json:"record,omitempty"` // base64 of the signed envelope
	Services uint64   `json:"services,omitempty"`
	Seen     int64    `json:"seen,omitempty"` // Unix seconds
	Tried    bool     `json:"tried,omitempty"`
}

func (d *dispatcher) exportAddresses(_ context.Context, a arguments) (any, error) {
	var after peer.ID
	if a.given(0) {
		text, err := a.text(0)
		if err != nil {
			return nil, err
		}
		if text != "" {
			if after, err = parsePeer(text); err != nil {
				return nil, err
			}
		}
	}
	most := int64(maxPage)
	if a.given(1) {
		var err error
		if most, err = a.integer(1); err != nil {
			return nil, err
		}
	}
	if most < 1 || most > maxPage {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "count %d is not from 1 to %d", most, maxPage)
	}
	all := []bookEntry{}
	for _, p := range d.Known.Known(after, int(most)) {
		e := bookEntry{PeerID: p.ID.String(), Addrs: []string{}, Services: p.Services, Seen: unix(p.Seen), Tried: p.Tried}
		for _, m := range p.Addrs {
			e.Addrs = append(e.Addrs, m.String())
		}
		e.Record = base64.StdEncoding.EncodeToString(p.Record)
		all = append(all, e)
	}
	return all, nil
}
