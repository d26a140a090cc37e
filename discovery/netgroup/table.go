package netgroup

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/multiformats/go-multiaddr"
)

// Table says which autonomous system announces an address. It is not changed once it is
// read, and safe for concurrent use; a nil one knows none.
type Table struct {
	v4     spans[uint32] // by the whole address
	v6     spans[uint64] // by its first 64 bits
	routes int
}

// AS returns the number of the autonomous system that announces an address by the longest
// prefix, and whether the table has one.
func (t *Table) AS(ip netip.Addr) (number uint32, known bool) {
	ip = ip.Unmap()
	switch {
	case t == nil || !ip.IsValid():
		return 0, false
	case ip.Is4():
		number = t.v4.at(key4(ip))
	default:
		number = t.v6.at(key6(ip))
	}
	return number, number != 0
}

// Of names the netgroup of an IP: AS64500, or 192.0.0.0/16.
func (t *Table) Of(ip netip.Addr) string {
	if number, known := t.AS(ip); known {
		return fmt.Sprintf("AS%d", number)
	}
	return Prefix(ip).String()
}

// OfAddr names the netgroup of an address; one without an IP is its own.
func (t *Table) OfAddr(a multiaddr.Multiaddr) string {
	ip := IPOf(a)
	if !ip.IsValid() {
		return a.String()
	}
	return t.Of(ip)
}

// Routes is how many prefixes were read.
func (t *Table) Routes() int {
	if t == nil {
		return 0
	}
	return t.routes
}

func key4(ip netip.Addr) uint32 {
	raw := ip.As4()
	return binary.BigEndian.Uint32(raw[:])
}

// key6 leaves out what is below a /64: the least that a customer is given, and the
// longest prefix that a table may have.
func key6(ip netip.Addr) uint64 {
	raw := ip.As16()
	return binary.BigEndian.Uint64(raw[:8])
}

// route is a prefix by its first and last address.
type route[K uint32 | uint64] struct {
	first, last K
	number      uint32
	line        uint32 // of the text
}

// routeOf returns the route of a prefix of so many bits.
func routeOf[K uint32 | uint64](first K, bits, size int, number uint32, line int) route[K] {
	return route[K]{first, first | K(uint64(math.MaxUint64)>>(64-size)>>bits), number, uint32(line)} // lines up to where the counter turns
}

// spans is the line of all addresses cut where the answer changes: span i begins at
// starts[i] and belongs to numbers[i], 0 for nobody. A million routes are 8 MB.
type spans[K uint32 | uint64] struct {
	starts  []K
	numbers []uint32
}

// order sorts prefixes, the shorter of two with the same start first, and says whether one
// is there twice.
func order[K uint32 | uint64](routes []route[K]) error {
	slices.SortFunc(routes, func(a, b route[K]) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last), cmp.Compare(a.line, b.line))
	})
	for i := 1; i < len(routes); i++ {
		if a, b := routes[i-1], routes[i]; a.first == b.first && a.last == b.last {
			return fmt.Errorf("%w: line %d: the same prefix as on line %d", ErrTable, b.line, a.line)
		}
	}
	return nil
}

// flatten cuts the line by prefixes in order, of which the longer hold.
func flatten[K uint32 | uint64](routes []route[K]) spans[K] {
	var s spans[K]
	var open []route[K] // each within the one before
	end := func() {
		last := open[len(open)-1].last
		open = open[:len(open)-1]
		if last+1 == 0 {
			return // the line ends here
		}
		below := uint32(0)
		if len(open) > 0 {
			below = open[len(open)-1].number
		}
		s.begin(last+1, below)
	}
	for _, r := range routes {
		for len(open) > 0 && open[len(open)-1].last < r.first {
			end()
		}
		open = append(open, r)
		s.begin(r.first, r.number)
	}
	for len(open) > 0 {
		end()
	}
	s.starts, s.numbers = slices.Clip(s.starts), slices.Clip(s.numbers)
	return s
}

// begin says whose the line is from here on.
func (s *spans[K]) begin(start K, number uint32) {
	if n := len(s.starts); n > 0 && s.starts[n-1] == start {
		s.starts, s.numbers = s.starts[:n-1], s.numbers[:n-1]
	}
	if n := len(s.starts); n > 0 && s.numbers[n-1] == number || n == 0 && number == 0 {
		return
	}
	s.starts, s.numbers = append(s.starts, start), append(s.numbers, number)
}

// at returns whose an address is.
func (s *spans[K]) at(key K) uint32 {
	i, found := slices.BinarySearch(s.starts, key)
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	return s.numbers[i]
}
