package addrbook

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"

	"github.com/multiformats/go-multiaddr"
)

// ErrNoAddress is returned for a peer without an address that an entry can have:
// an IP address and a port, no relay, no name.
var ErrNoAddress = errors.New("no address with an IP and a port")

// host is where an entry is: what its slot is computed from.
type host struct {
	ip   netip.Addr
	port uint16 // of the first address; part of the slot only if hosts are shared
}

// The start of a multiaddr in bytes: code of the protocol as a varint, value.
const (
	codeIP4 = "\x04"
	codeIP6 = "\x29"
	codeTCP = "\x06"
	codeUDP = "\x91\x02"
)

// hostOf reads the host of a multiaddr in bytes.
func hostOf(addr string) (host, bool) {
	var h host
	switch {
	case strings.HasPrefix(addr, codeIP4) && len(addr) >= 5:
		h.ip = netip.AddrFrom4([4]byte([]byte(addr[1:5])))
		addr = addr[5:]
	case strings.HasPrefix(addr, codeIP6) && len(addr) >= 17:
		h.ip = netip.AddrFrom16([16]byte([]byte(addr[1:17]))).Unmap()
		addr = addr[17:]
	default:
		return host{}, false
	}
	addr, tcp := strings.CutPrefix(addr, codeTCP)
	addr, udp := strings.CutPrefix(addr, codeUDP)
	if tcp == udp || len(addr) < 2 {
		return host{}, false
	}
	h.port = binary.BigEndian.Uint16([]byte(addr[:2]))
	return h, true
}

// key returns what of a host is hashed for its slot. Of IPv6 it is the /64: the
// least that a customer is given.
func (b *Book) key(h host) []byte {
	var key []byte
	if h.ip.Is4() {
		raw := h.ip.As4()
		key = raw[:]
	} else {
		raw := h.ip.As16()
		key = raw[:8]
		if b.cfg.SharedHosts {
			key = raw[:]
		}
	}
	if b.cfg.SharedHosts {
		key = binary.BigEndian.AppendUint16(key, h.port)
	}
	return key
}

// addrs is a list of multiaddrs of one host, each with its length in a byte
// before it.
type addrs string

// choose takes from a peer's addresses those of one host: the preferred one if it
// is among them, else that of the first which fits. A peer is at one host, so that
// what it claims beside it neither gains it slots nor is dialled in its name.
func (b *Book) choose(all []multiaddr.Multiaddr, preferred host) (addrs, host, error) {
	raw := make([]string, 0, len(all))
	for _, a := range all {
		if s, ok := usable(a); ok {
			raw = append(raw, s)
		}
	}
	chosen, found := host{}, false
	for _, s := range raw {
		h, _ := hostOf(s)
		if b.same(h, preferred) {
			chosen, found = preferred, true
			break
		}
		if !found {
			chosen, found = h, true
		}
	}
	if !found {
		return "", host{}, ErrNoAddress
	}
	var list strings.Builder
	n := 0
	for _, first := range []bool{true, false} { // those at the chosen port come first
		for _, s := range raw {
			h, _ := hostOf(s)
			if n < MaxAddrs && h.ip == chosen.ip && b.same(h, chosen) == first {
				list.WriteByte(byte(len(s)))
				list.WriteString(s)
				n++
			}
		}
	}
	return addrs(list.String()), chosen, nil
}

// same says whether two hosts are one to the book.
func (b *Book) same(x, y host) bool {
	return x.ip == y.ip && (!b.cfg.SharedHosts || x.port == y.port)
}

// usable returns a multiaddr in bytes, if an entry can have it.
func usable(a multiaddr.Multiaddr) (string, bool) {
	for _, c := range a {
		if code := c.Code(); code == multiaddr.P_CIRCUIT || code == multiaddr.P_P2P {
			return "", false
		}
	}
	s := string(a.Bytes())
	h, ok := hostOf(s)
	return s, ok && h.port != 0 && len(s) <= MaxAddr
}

// host returns the host of the first address.
func (a addrs) host() (host, bool) {
	if a == "" {
		return host{}, false
	}
	return hostOf(string(a[1:]))
}

// list returns the addresses. They were made from multiaddrs.
func (a addrs) list() []multiaddr.Multiaddr {
	all := make([]multiaddr.Multiaddr, 0, 2)
	for len(a) > 0 {
		n := 1 + int(a[0])
		if m, err := multiaddr.NewMultiaddrBytes([]byte(a[1:n])); err == nil {
			all = append(all, m)
		}
		a = a[n:]
	}
	return all
}
