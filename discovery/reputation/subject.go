package reputation

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrSubject is returned for a text that names nobody who could be banned.
var ErrSubject = errors.New("not a peer id, an IP address or a subnet")

// hostBits6 is what of an IPv6 address is one host's: a /64 is the least that a
// customer is given.
const hostBits6 = 64

// Subject is whom a ban or an account is on: a peer, or the addresses of a net.
// One of the two is set. Subjects compare with ==.
type Subject struct {
	Peer peer.ID
	Net  netip.Prefix
}

// OfPeer returns a peer as a subject.
func OfPeer(p peer.ID) Subject { return Subject{Peer: p} }

// OfHost returns an address's host as a subject: an IPv4 address, an IPv6 /64.
func OfHost(ip netip.Addr) Subject {
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = hostBits6
	}
	net, _ := ip.Prefix(bits) // zero for the zero address
	return Subject{Net: net}
}

// ParseSubject reads a peer id, an address or a subnet as people write them. A
// single IPv6 address stays one.
func ParseSubject(s string) (Subject, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		ip = ip.Unmap().WithZone("")
		return Subject{Net: netip.PrefixFrom(ip, ip.BitLen())}, nil
	}
	if net, err := netip.ParsePrefix(s); err == nil {
		if net.Bits() == 0 {
			return Subject{}, fmt.Errorf("%q: %w: it is everybody", s, ErrSubject)
		}
		if net.Addr().Is4In6() {
			return Subject{}, fmt.Errorf("%q: %w: write an IPv4 net as such", s, ErrSubject)
		}
		return Subject{Net: net.Masked()}, nil
	}
	p, err := peer.Decode(s)
	if err != nil {
		return Subject{}, fmt.Errorf("%q: %w", s, ErrSubject)
	}
	return Subject{Peer: p}, nil
}

// String returns the subject as [ParseSubject] reads it.
func (s Subject) String() string {
	switch {
	case s.Peer != "":
		return s.Peer.String()
	case s.Net.IsSingleIP():
		return s.Net.Addr().String()
	}
	return s.Net.String()
}

// public says whether an address is one that tells hosts apart: not private, not
// shared (RFC 6598), not this machine.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}
