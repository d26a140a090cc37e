package tun

import (
	"net/netip"
	"testing"
)

// packet is an IPv4 packet to an address, without options.
func packet(to netip.Addr, size int) []byte {
	p := make([]byte, size)
	p[0], p[2], p[3] = 0x45, byte(size>>8), byte(size)
	copy(p[16:20], to.AsSlice())
	return p
}

func TestDestination(t *testing.T) {
	good := packet(Addr(1), 40)
	if got, ok := destination(good); !ok || got != netip.MustParseAddr("16.0.0.3") {
		t.Errorf("%v, %v", got, ok)
	}
	six := packet(Addr(1), 40)
	six[0] = 0x60
	for name, p := range map[string][]byte{"nothing": nil, "IPv6": six, "cut off": good[:39], "header cut off": good[:19], "longer than it says": append(packet(Addr(1), 40), 0)} {
		if got, ok := destination(p); ok {
			t.Errorf("%s goes to %v", name, got)
		}
	}
}

func FuzzDestination(f *testing.F) {
	f.Add(packet(Addr(1), 40))
	f.Add([]byte{0x60})
	f.Fuzz(func(t *testing.T, p []byte) {
		if got, ok := destination(p); ok && (!got.Is4() || len(p) < minIPv4) {
			t.Errorf("%v out of %x", got, p)
		}
	})
}

func TestAddrsAreApart(t *testing.T) {
	seen := make(map[netip.Addr]bool)
	for k := range 1000 {
		a := Addr(k)
		if seen[a] || !Subnet().Contains(a) || a == netip.MustParseAddr("16.0.0.1") {
			t.Fatalf("port %d has %s", k, a)
		}
		seen[a] = true
	}
}
