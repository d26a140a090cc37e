package seeder

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/miekg/dns"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

func zone(tb testing.TB) *Zone {
	tb.Helper()
	z, err := NewZone("Seed.Example.", "ns.example.org", "first.last@example.org")
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// named returns the i-th peer at an address.
func named(tb testing.TB, i int, addrs ...string) Host {
	tb.Helper()
	raw := []byte(fmt.Sprintf("peer %027d", i))
	h := Host{ID: peer.ID(append([]byte{0, byte(len(raw))}, raw...))}
	for _, a := range addrs {
		m, err := multiaddr.NewMultiaddr(a)
		if err != nil {
			tb.Fatal(err)
		}
		h.Addrs = append(h.Addrs, m)
	}
	return h
}

// crowd returns peers in netgroups of their own, and as many in one.
func crowd(tb testing.TB, n int) []Host {
	tb.Helper()
	var hosts []Host
	for i := range n {
		hosts = append(hosts,
			named(tb, 2*i, fmt.Sprintf("/ip4/%d.%d.0.1/tcp/8477", 11+i/200, i%200), fmt.Sprintf("/ip6/2a%02x:%x::1/tcp/8477", i/200, i%200+1)),
			named(tb, 2*i+1, fmt.Sprintf("/ip4/198.51.%d.%d/tcp/8477", i/200, i%200)))
	}
	return hosts
}

func question(name string, kind uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, kind) }

func draws() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestZoneNamesPeers(t *testing.T) {
	hosts := []Host{named(t, 1, "/ip4/192.0.2.1/tcp/8477", "/ip6/2001:db8::1/tcp/8477")}
	for _, c := range []struct {
		name string
		kind uint16
		want string
	}{
		{"seed.example.", dns.TypeA, "192.0.2.1"},
		{"SEED.example.", dns.TypeAAAA, "2001:db8::1"},
		{"_dnsaddr.seed.example.", dns.TypeTXT, `"dnsaddr=/ip4/192.0.2.1/tcp/8477/p2p/` + hosts[0].ID.String() + `"`},
		{"seed.example.", dns.TypeNS, "ns.example.org."},
		{"seed.example.", dns.TypeSOA, `first\.last.example.org.`},
		{"seed.example.", dns.TypeANY, "RFC8482"},
	} {
		a := zone(t).Answer(question(c.name, c.kind), hosts, false, draws())
		if a.Rcode != dns.RcodeSuccess || !a.Authoritative || len(a.Answer) != 1 || !strings.Contains(a.Answer[0].String(), c.want) {
			t.Errorf("%s %s: %v, want %s", c.name, dns.TypeToString[c.kind], a, c.want)
		}
	}
}

func TestZoneRefusesWhatIsNotIts(t *testing.T) {
	notify := question("seed.example.", dns.TypeSOA)
	notify.Opcode = dns.OpcodeNotify
	chaos := question("version.bind.", dns.TypeTXT)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	two := question("seed.example.", dns.TypeA)
	two.Question = append(two.Question, two.Question[0])
	for _, c := range []struct {
		what string
		q    *dns.Msg
		want int
	}{
		{"another name", question("example.org.", dns.TypeA), dns.RcodeRefused},
		{"a name that ends alike", question("xseed.example.", dns.TypeA), dns.RcodeRefused},
		{"a name below that is not there", question("a.seed.example.", dns.TypeA), dns.RcodeNameError},
		{"a type without records", question("seed.example.", dns.TypeMX), dns.RcodeSuccess},
		{"notify", notify, dns.RcodeNotImplemented},
		{"another class", chaos, dns.RcodeRefused},
		{"two questions", two, dns.RcodeFormatError},
		{"no question", new(dns.Msg), dns.RcodeFormatError},
	} {
		a := zone(t).Answer(c.q, crowd(t, 5), false, draws())
		if a.Rcode != c.want || len(a.Answer) != 0 {
			t.Errorf("%s: %v, want %s", c.what, a, dns.RcodeToString[c.want])
		}
	}
}

// An answer fits the datagram that the asker takes, has one peer of a netgroup at
// most, and differs from draw to draw.
func TestAnswersAreSmallAndDiverse(t *testing.T) {
	hosts, rng := crowd(t, 300), draws()
	first := ""
	for i := range 50 {
		for _, q := range []*dns.Msg{
			question("seed.example.", dns.TypeA), question("seed.example.", dns.TypeAAAA),
			question("_dnsaddr.seed.example.", dns.TypeTXT), question("_dnsaddr.seed.example.", dns.TypeTXT).SetEdns0(4096, false),
		} {
			limit := dns.MinMsgSize
			if q.IsEdns0() != nil {
				limit = safeSize
			}
			a := zone(t).Answer(q, hosts, false, rng)
			packed, err := a.Pack()
			if err != nil || len(packed) > limit || len(a.Answer) < 3 || a.Truncated {
				t.Fatalf("%v: %d bytes, %d records, %v", q.Question[0], len(packed), len(a.Answer), err)
			}
			groups := map[netip.Prefix]bool{}
			for _, rr := range a.Answer {
				if g, ok := groupOf(rr); ok && groups[g] {
					t.Fatalf("%v: two peers of %v", q.Question[0], g)
				} else if ok {
					groups[g] = true
				}
			}
			if i == 0 && first == "" {
				first = a.String()
			} else if i == 1 && a.String() == first {
				t.Error("two draws are one")
			}
		}
	}
	whole := zone(t).Answer(question("_dnsaddr.seed.example.", dns.TypeTXT), hosts, true, rng)
	if len(whole.Answer) != mostPeers {
		t.Errorf("%d peers by TCP, want %d", len(whole.Answer), mostPeers)
	}
}

func groupOf(rr dns.RR) (netip.Prefix, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		ip, ok := netip.AddrFromSlice(rr.A)
		return siteOf(ip.Unmap()), ok
	case *dns.AAAA:
		ip, ok := netip.AddrFromSlice(rr.AAAA)
		return siteOf(ip), ok
	case *dns.TXT:
		m, err := multiaddr.NewMultiaddr(strings.TrimPrefix(rr.Txt[0], "dnsaddr="))
		if err != nil {
			return netip.Prefix{}, false
		}
		ip := netgroup.IPOf(m)
		return siteOf(ip), ip.IsValid()
	}
	return netip.Prefix{}, false
}

func TestZonesAreNamed(t *testing.T) {
	for _, c := range [][3]string{
		{"example", "ns.example.org", "a@example.org"},
		{"seed.example.org", "", "a@example.org"},
		{"seed.example.org", "ns.example.org", "nobody"},
		{"seed..org", "ns.example.org", "a@example.org"},
	} {
		if _, err := NewZone(c[0], c[1], c[2]); err == nil {
			t.Errorf("%v is taken", c)
		}
	}
}

// Whatever asks is answered within the size it takes, and nothing panics.
func FuzzAnswer(f *testing.F) {
	for _, q := range []*dns.Msg{question("seed.example.", dns.TypeA), question("_dnsaddr.seed.example.", dns.TypeTXT).SetEdns0(600, true)} {
		raw, err := q.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	hosts, z := crowd(f, 40), zone(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		q := new(dns.Msg)
		if q.Unpack(raw) != nil {
			return
		}
		a := z.Answer(q, hosts, false, draws())
		if packed, err := a.Pack(); err == nil && len(a.Answer) > 0 && len(packed) > safeSize {
			t.Fatalf("an answer of %d bytes to %v", len(packed), q)
		}
	})
}
