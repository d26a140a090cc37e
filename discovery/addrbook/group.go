package addrbook

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
)

// Group is a netgroup: addresses that one party is likely to control together.
// The zero value is the operator, as a source. Groups compare with ==.
type Group uint64

// The kinds of groups, in a group's upper half.
const (
	groupOperator Group = iota << 32
	groupIPv4           // the first 16 bits
	groupIPv6           // the first 32 bits
	groupAS             // the number of the autonomous system
	groupSeed           // the hash of a seed's name
	groupEndpoint       // the hash of address and port, on networks of shared hosts
)

// Operator is the source of what the operator named or imported.
const Operator = groupOperator

// Seed returns the source that a DNS seed is: what one name tells cannot fill more
// of the book than what one netgroup tells.
func Seed(name string) Group {
	h := fnv.New32a()
	h.Write([]byte(name))
	return groupSeed | Group(h.Sum32())
}

// ASTable says which autonomous system announces an address, and whether it knows.
// An answer must not change while a book uses it.
type ASTable interface {
	AS(ip netip.Addr) (number uint32, known bool)
}

// Group returns the netgroup of an address: its autonomous system if the table
// knows it, else IPv4 /16 or IPv6 /32. Whoever has an AS has many /16 (Erebus).
// Source of the prefixes: Bitcoin Core's netgroup.cpp.
func (b *Book) Group(ip netip.Addr) Group {
	ip = ip.Unmap()
	if b.as != nil {
		if number, known := b.as.AS(ip); known {
			return groupAS | Group(number)
		}
	}
	if ip.Is4() {
		raw := ip.As4()
		return groupIPv4 | Group(binary.BigEndian.Uint16(raw[:]))
	}
	raw := ip.As16()
	return groupIPv6 | Group(binary.BigEndian.Uint32(raw[:]))
}

// groupOf returns the group of a host of an entry.
func (b *Book) groupOf(h host) Group {
	if !b.cfg.SharedHosts {
		return b.Group(h.ip)
	}
	f := fnv.New32a()
	raw := h.ip.As16()
	f.Write(binary.BigEndian.AppendUint16(raw[:], h.port))
	return groupEndpoint | Group(f.Sum32())
}

// String returns the group as people write it: 192.0.0.0/16, AS3320.
func (g Group) String() string {
	number := uint32(g)
	switch g &^ Group(number) {
	case groupOperator:
		return "operator"
	case groupIPv4:
		return fmt.Sprintf("%d.%d.0.0/16", number>>8&0xff, number&0xff)
	case groupIPv6:
		return fmt.Sprintf("%x:%x::/32", number>>16, number&0xffff)
	case groupAS:
		return fmt.Sprintf("AS%d", number)
	case groupSeed:
		return fmt.Sprintf("seed %08x", number)
	case groupEndpoint:
		return fmt.Sprintf("endpoint %08x", number)
	}
	return fmt.Sprintf("group %x", uint64(g))
}
