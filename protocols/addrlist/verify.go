package addrlist

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// ErrUnsigned is returned for a record that the peer it names has not signed.
var ErrUnsigned = errors.New("not signed by the peer it names")

// Verify returns the peer record in a signed envelope, 60 µs of CPU if the key is
// Ed25519. Nothing of it may be used if there is an error.
func Verify(raw []byte) (*peer.PeerRecord, error) {
	envelope, rec, err := record.ConsumeEnvelope(raw, peer.PeerRecordEnvelopeDomain)
	if err != nil {
		return nil, fmt.Errorf("open signed record: %w", err)
	}
	r, ok := rec.(*peer.PeerRecord)
	if !ok {
		return nil, fmt.Errorf("open signed record: it holds a %T", rec)
	}
	if !r.PeerID.MatchesPublicKey(envelope.PublicKey) {
		return nil, fmt.Errorf("%s: %w", r.PeerID, ErrUnsigned)
	}
	return r, nil
}

// Peek returns the peer record in an envelope without a look at the signature, which
// costs a twentieth of [Verify]. Only what that would return may be used: of bytes that
// it has passed before.
func Peek(raw []byte) (*peer.PeerRecord, error) {
	envelope, err := record.UnmarshalEnvelope(raw)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	r := new(peer.PeerRecord)
	if err := envelope.TypedRecord(r); err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	return r, nil
}

// Dialable says whether an address is one that a node dials because others say so:
// an IP address, TCP or QUIC, a port, and nothing else; no relay and no name, which
// would have a stranger's host or resolver asked on somebody's word.
func Dialable(a multiaddr.Multiaddr) bool {
	if len(a) < 2 || (a[0].Code() != multiaddr.P_IP4 && a[0].Code() != multiaddr.P_IP6) {
		return false
	}
	port := a[1].RawValue()
	if len(port) != 2 || port[0] == 0 && port[1] == 0 {
		return false
	}
	switch a[1].Code() {
	case multiaddr.P_TCP:
		return len(a) == 2
	case multiaddr.P_UDP:
		return len(a) == 3 && a[2].Code() == multiaddr.P_QUIC_V1
	}
	return false
}

// tunnels are IPv6 nets whose addresses stand for IPv4 ones, private ones too:
// 6to4 and Teredo.
var tunnels = []netip.Prefix{netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32")}

// Public says whether a dialable address is one of the public internet: not private,
// not shared, not this machine, not multicast, not reserved. Others are not taken
// from strangers: a node behind a firewall would dial its own network for them.
func Public(a multiaddr.Multiaddr) bool {
	if !Dialable(a) || !manet.IsPublicAddr(a) {
		return false
	}
	ip, ok := netip.AddrFromSlice(a[0].RawValue())
	for _, net := range tunnels {
		ok = ok && !net.Contains(ip)
	}
	return ok && !ip.Is4In6()
}
