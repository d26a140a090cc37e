package netgroup

import (
	"testing"

	"github.com/multiformats/go-multiaddr"
)

func TestPrefixOfAnAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"/ip4/192.0.2.1/tcp/8477":            "192.0.0.0/16",
		"/ip4/192.0.2.1/udp/8477/quic-v1":    "192.0.0.0/16",
		"/ip6/2001:db8:1::2/tcp/8477":        "2001:db8::/32",
		"/ip6/::ffff:192.0.2.1/tcp/8477":     "192.0.0.0/16",
		"/dns4/seed.example/tcp/8477":        "invalid Prefix",
		"/dnsaddr/seed.example/p2p-circuit/": "invalid Prefix",
	} {
		if got := Prefix(IPOf(multiaddr.StringCast(addr))).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if IPOf(nil).IsValid() {
		t.Error("no address has an IP")
	}
}
