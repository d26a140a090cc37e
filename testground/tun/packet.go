package tun

import (
	"encoding/binary"
	"net/netip"
)

// minIPv4 is the length of an IPv4 header without options. Source: RFC 791.
const minIPv4 = 20

// destination returns where an IPv4 packet goes. Anything else, and what is shorter or
// longer than it says, goes nowhere.
func destination(packet []byte) (netip.Addr, bool) {
	if len(packet) < minIPv4 || packet[0]>>4 != 4 || int(binary.BigEndian.Uint16(packet[2:4])) != len(packet) {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte(packet[16:20])), true
}
