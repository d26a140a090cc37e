package netgroup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// What a table may have. The internet has about a million routes of IPv4 and a quarter
// of that of IPv6; while they are read each takes 24 bytes, 100 MB at the most.
const (
	maxRoutes = 4_000_000
	maxLine   = 256 // bytes
	maxBits6  = 64
)

// ErrTable is returned for a table that cannot be read.
var ErrTable = errors.New("bad table of autonomous systems")

// Read reads a table as text, a prefix and the number of its origin a line, with or
// without AS; a # and what follows it is a comment:
//
//	192.0.2.0/24 64500
//	2001:db8::/32 AS64501 # documentation
//
// A prefix may also be written in two words, as RouteViews' pfx2as files have it; of
// several origins (64500_64501, 64500,64501) the first counts. The same prefix twice
// is an error.
func Read(r io.Reader) (*Table, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	var v4 []route[uint32]
	var v6 []route[uint64]
	number := 0
	for lines.Scan() {
		number++
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		prefix, origin, err := parse(words)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrTable, number, err)
		}
		if len(v4)+len(v6) == maxRoutes {
			return nil, fmt.Errorf("%w: line %d: more than %d prefixes", ErrTable, number, maxRoutes)
		}
		if prefix.Addr().Is4() {
			v4 = append(v4, routeOf(key4(prefix.Addr()), prefix.Bits(), 32, origin, number))
		} else {
			v6 = append(v6, routeOf(key6(prefix.Addr()), prefix.Bits(), maxBits6, origin, number))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: line %d: %w", ErrTable, number+1, err)
	}
	if len(v4)+len(v6) == 0 {
		return nil, fmt.Errorf("%w: no prefix in it", ErrTable)
	}
	if err := errors.Join(order(v4), order(v6)); err != nil {
		return nil, err
	}
	return &Table{v4: flatten(v4), v6: flatten(v6), routes: len(v4) + len(v6)}, nil
}

// parse reads the words of a line.
func parse(words []string) (netip.Prefix, uint32, error) {
	if len(words) == 3 {
		words = []string{words[0] + "/" + words[1], words[2]}
	}
	if len(words) != 2 {
		return netip.Prefix{}, 0, fmt.Errorf("%d words: write a prefix and the number of its origin, as in 192.0.2.0/24 64500", len(words))
	}
	prefix, err := netip.ParsePrefix(words[0])
	switch {
	case err != nil:
		return prefix, 0, err
	case prefix.Bits() == 0:
		return prefix, 0, fmt.Errorf("%s is the whole internet", prefix)
	case prefix.Addr().Is4In6():
		return prefix, 0, fmt.Errorf("%s is of IPv4: write it so", prefix)
	case prefix.Addr().Is6() && prefix.Bits() > maxBits6:
		return prefix, 0, fmt.Errorf("%s is longer than /%d", prefix, maxBits6)
	case prefix != prefix.Masked():
		return prefix, 0, fmt.Errorf("%s has bits beyond its length: write %s", prefix, prefix.Masked())
	}
	first, _, _ := strings.Cut(words[1], "_")
	first, _, _ = strings.Cut(first, ",")
	digits := strings.TrimPrefix(strings.ToUpper(first), "AS")
	origin, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || origin == 0 {
		return prefix, 0, fmt.Errorf("%q is not the number of an autonomous system", words[1])
	}
	return prefix, uint32(origin), nil
}
