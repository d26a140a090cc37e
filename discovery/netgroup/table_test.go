package netgroup

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/multiformats/go-multiaddr"
)

const sample = `# a table
192.0.0.0/16	64500
192.0.2.0/24 AS64501   # within the other
192.0.2.128/25 as64502
198.51.100.0	24	64503_64504
203.0.113.0/24 64505,64506

2001:db8::/32 64507
2001:db8:1::/48 64508
255.255.255.0/24 4294967295
ffff::/16 1
`

func read(tb testing.TB, text string) *Table {
	tb.Helper()
	t, err := Read(strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func TestLongestPrefixHolds(t *testing.T) {
	table := read(t, sample)
	if n := table.Routes(); n != 9 {
		t.Errorf("%d routes", n)
	}
	for ip, want := range map[string]string{
		"192.0.1.255":      "AS64500",
		"192.0.2.0":        "AS64501",
		"192.0.2.127":      "AS64501",
		"192.0.2.128":      "AS64502",
		"192.0.2.255":      "AS64502",
		"192.0.3.0":        "AS64500",
		"192.0.255.255":    "AS64500",
		"192.1.0.0":        "192.1.0.0/16",
		"191.255.255.255":  "191.255.0.0/16",
		"198.51.100.7":     "AS64503",
		"203.0.113.7":      "AS64505",
		"::ffff:192.0.2.1": "AS64501",
		"2001:db8::1":      "AS64507",
		"2001:db8:1::1":    "AS64508",
		"2001:db8:2::1":    "AS64507",
		"2001:db9::1":      "2001:db9::/32",
		"255.255.255.255":  "AS4294967295",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "AS1",
		"::1":     "::/32",
		"0.0.0.1": "0.0.0.0/16",
	} {
		if got := table.Of(netip.MustParseAddr(ip)); got != want && ip != "::ffff:192.0.2.1" || table.Of(netip.MustParseAddr(ip).Unmap()) != want {
			t.Errorf("%s is of %s, want %s", ip, got, want)
		}
	}
	if got := table.OfAddr(multiaddr.StringCast("/dns4/seed.example/tcp/1")); got != "/dns4/seed.example/tcp/1" {
		t.Errorf("a name is of %s", got)
	}
	var none *Table
	if got := none.Of(netip.MustParseAddr("192.0.2.1")); got != "192.0.0.0/16" || none.Routes() != 0 {
		t.Errorf("without a table: %s", got)
	}
}

// A table that is cut into spans answers as one that is searched prefix by prefix.
func TestSpansAreThePrefixes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var text strings.Builder
	routes := make(map[netip.Prefix]uint32)
	for i := range 3000 {
		raw := [4]byte{10, byte(rng.IntN(4)), byte(rng.IntN(256)), byte(rng.IntN(256))}
		p := netip.PrefixFrom(netip.AddrFrom4(raw), 8+rng.IntN(25)).Masked()
		if _, twice := routes[p]; !twice {
			routes[p] = uint32(i%50) + 1 // few, so that neighbours are alike
			fmt.Fprintf(&text, "%s %d\n", p, routes[p])
		}
	}
	table := read(t, text.String())
	for range 20_000 {
		ip := netip.AddrFrom4([4]byte{byte(9 + rng.IntN(3)), byte(rng.IntN(5)), byte(rng.IntN(256)), byte(rng.IntN(256))})
		want, known := uint32(0), false
		for bits := 32; bits > 0 && !known; bits-- {
			p, _ := ip.Prefix(bits)
			want, known = routes[p]
		}
		if got, k := table.AS(ip); got != want || k != known {
			t.Fatalf("%s: AS%d %v, want AS%d %v", ip, got, k, want, known)
		}
	}
}

func TestBadLinesAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"":                                      "no prefix",
		"# nothing\n\n":                         "no prefix",
		"192.0.2.0/24 1\n192.0.2.0/24 2":        "line 2: the same prefix as on line 1",
		"192.0.2.0/24 1\n\n# x\n192.0.2.1/24 2": "line 4: 192.0.2.1/24 has bits beyond its length: write 192.0.2.0/24",
		"192.0.2.0/33 1":                        "line 1",
		"192.0.2.0/24":                          "line 1: 1 words",
		"192.0.2.0/24 1 2 3":                    "line 1: 4 words",
		"192.0.2.0/24 0":                        `"0" is not the number`,
		"192.0.2.0/24 4294967296":               `"4294967296" is not the number`,
		"192.0.2.0/24 AS":                       `"AS" is not the number`,
		"0.0.0.0/0 1":                           "the whole internet",
		"::ffff:192.0.2.0/120 1":                "of IPv4",
		"2001:db8::/65 1":                       "longer than /64",
		"1.0.0.0/8 1\n" + strings.Repeat("x", maxLine): "line 2: bufio.Scanner: token too long",
	} {
		if _, err := Read(strings.NewReader(text)); !errors.Is(err, ErrTable) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v, want %q", text, err, says)
		}
	}
}

// Whatever is read, the spans are in order, no two neighbours are alike, and each prefix's
// first address belongs to somebody.
func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add("255.255.255.255/32 1\n255.255.255.254/31 2\nffff::/16 1")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Read(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrTable) {
				t.Errorf("%v", err)
			}
			return
		}
		for i := range table.v4.starts {
			if i > 0 && (table.v4.starts[i] <= table.v4.starts[i-1] || table.v4.numbers[i] == table.v4.numbers[i-1]) {
				t.Fatalf("spans %v of %v", table.v4.starts, table.v4.numbers)
			}
		}
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if words := strings.Fields(line); len(words) > 0 {
				p, _, err := parse(words)
				if err != nil {
					t.Fatalf("line %q was read: %v", line, err)
				}
				if _, known := table.AS(p.Addr()); !known {
					t.Errorf("%s is nobody's", p)
				}
			}
		}
	})
}

func BenchmarkAS(b *testing.B) {
	var text strings.Builder
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 1 << 20 {
		fmt.Fprintf(&text, "%s %d\n", netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i >> 12), byte(i >> 4), byte(i << 4), 0}), 20), 1+rng.IntN(70_000))
	}
	table := read(b, text.String())
	ips := make([]netip.Addr, 1024)
	for i := range ips {
		ips[i] = netip.AddrFrom4([4]byte{byte(rng.IntN(256)), byte(rng.IntN(256)), byte(rng.IntN(256)), 1})
	}
	for i := 0; b.Loop(); i++ {
		table.AS(ips[i%len(ips)])
	}
}
