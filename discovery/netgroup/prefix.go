package netgroup

import (
	"net/netip"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// The prefixes that a netgroup has. Source: Bitcoin Core's netgroup.cpp.
const (
	bits4 = 16
	bits6 = 32
)

// IPOf returns an address's IP, the zero IP if it has none.
func IPOf(a multiaddr.Multiaddr) netip.Addr {
	if a == nil {
		return netip.Addr{}
	}
	raw, err := manet.ToIP(a)
	if err != nil {
		return netip.Addr{}
	}
	ip, _ := netip.AddrFromSlice(raw)
	return ip.Unmap()
}

// Prefix returns the IPv4 /16 or IPv6 /32 that an IP is in, the zero prefix for none.
func Prefix(ip netip.Addr) netip.Prefix {
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
