package seeder

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/miekg/dns"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

const (
	// ttl is how long an answer may be kept, in seconds: peers come and go, and a
	// resolver that serves many draws anew once a minute.
	ttl = 60
	// mostAddrs is how many A or AAAA records an answer has. Source: Bitcoin's
	// seeders answer with about as many, which fits 512 bytes.
	mostAddrs = 20
	// mostPeers is how many TXT records an answer has over TCP; over UDP as many
	// as fit, which is about ten.
	mostPeers = 32
	// safeSize is the largest UDP answer, in bytes, that crosses the internet in
	// one piece. Source: DNS flag day 2020.
	safeSize = 1232
)

// Host is a peer worth naming: one that the crawler has spoken with lately.
type Host struct {
	ID    peer.ID
	Addrs []multiaddr.Multiaddr // public ones
}

// Zone answers questions for one name.
type Zone struct {
	name   string // fully qualified, lower case
	server string // of the zone, fully qualified
	mail   string // of who runs it, as DNS writes it
}

// NewZone returns the zone of a name, which a name server of that name serves.
// Mail is the address of who runs it.
func NewZone(name, server, mail string) (*Zone, error) {
	for what, v := range map[string]string{"zone": name, "name server": server} {
		if _, ok := dns.IsDomainName(v); !ok || strings.Count(strings.Trim(v, "."), ".") == 0 {
			return nil, fmt.Errorf("%s %q is not a host name such as seed.example.org", what, v)
		}
	}
	local, domain, ok := strings.Cut(mail, "@")
	if _, is := dns.IsDomainName(domain); !ok || !is || local == "" {
		return nil, fmt.Errorf("mail %q is not an address such as admin@example.org", mail)
	}
	return &Zone{
		name: dns.CanonicalName(name), server: dns.CanonicalName(server),
		mail: dns.Fqdn(strings.ReplaceAll(local, ".", `\.`) + "." + domain),
	}, nil
}

// Answer makes the answer to a message from what is known now. Whole says that it
// goes by TCP and may be long. The draw is rng's.
func (z *Zone) Answer(q *dns.Msg, hosts []Host, whole bool, rng *rand.Rand) *dns.Msg {
	a := new(dns.Msg)
	a.SetReply(q)
	a.Compress = true
	switch {
	case q.Response || len(q.Question) != 1:
		return a.SetRcode(q, dns.RcodeFormatError)
	case q.Opcode != dns.OpcodeQuery:
		return a.SetRcode(q, dns.RcodeNotImplemented)
	}
	ask := q.Question[0]
	name := dns.CanonicalName(ask.Name)
	if ask.Qclass != dns.ClassINET || !dns.IsSubDomain(z.name, name) {
		return a.SetRcode(q, dns.RcodeRefused)
	}
	a.Authoritative = true
	limit := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		limit = min(max(int(opt.UDPSize()), dns.MinMsgSize), safeSize)
		a.SetEdns0(safeSize, false)
	}
	switch name {
	case z.name:
		z.apex(a, ask, hosts, rng)
	case "_dnsaddr." + z.name:
		if ask.Qtype == dns.TypeTXT {
			a.Answer = texts(ask.Name, hosts, rng)
		}
	default:
		a.Rcode = dns.RcodeNameError
	}
	if len(a.Answer) == 0 {
		a.Ns = []dns.RR{z.soa(z.name)}
	}
	for !whole && a.Len() > limit && len(a.Answer) > 0 {
		a.Answer = a.Answer[:len(a.Answer)-1] // a draw is a draw: no need of TCP
	}
	return a
}

// apex answers for the zone's own name.
func (z *Zone) apex(a *dns.Msg, ask dns.Question, hosts []Host, rng *rand.Rand) {
	switch ask.Qtype {
	case dns.TypeA, dns.TypeAAAA:
		a.Answer = ips(ask, hosts, rng)
	case dns.TypeSOA:
		a.Answer = []dns.RR{z.soa(ask.Name)}
	case dns.TypeNS:
		a.Answer = []dns.RR{&dns.NS{Hdr: header(ask.Name, dns.TypeNS), Ns: z.server}}
	case dns.TypeANY:
		a.Answer = []dns.RR{&dns.HINFO{Hdr: header(ask.Name, dns.TypeHINFO), Cpu: "RFC8482"}}
	}
}

func (z *Zone) soa(name string) dns.RR {
	return &dns.SOA{
		Hdr: header(name, dns.TypeSOA), Ns: z.server, Mbox: z.mail,
		Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: ttl, // nobody transfers it
	}
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

// ips draws addresses of the family that was asked for.
func ips(ask dns.Question, hosts []Host, rng *rand.Rand) []dns.RR {
	var out []dns.RR
	for _, ip := range draw(hosts, rng, mostAddrs, func(h Host) (netip.Addr, bool) {
		for _, a := range h.Addrs {
			if ip := netgroup.IPOf(a); ip.IsValid() && ip.Is4() == (ask.Qtype == dns.TypeA) {
				return ip, true
			}
		}
		return netip.Addr{}, false
	}) {
		if ask.Qtype == dns.TypeA {
			out = append(out, &dns.A{Hdr: header(ask.Name, dns.TypeA), A: ip.ip.AsSlice()})
		} else {
			out = append(out, &dns.AAAA{Hdr: header(ask.Name, dns.TypeAAAA), AAAA: ip.ip.AsSlice()})
		}
	}
	return out
}

// texts draws peers, an address of each.
func texts(name string, hosts []Host, rng *rand.Rand) []dns.RR {
	var out []dns.RR
	for _, d := range draw(hosts, rng, mostPeers, func(h Host) (netip.Addr, bool) {
		if len(h.Addrs) == 0 {
			return netip.Addr{}, false
		}
		ip := netgroup.IPOf(h.Addrs[0])
		return ip, ip.IsValid()
	}) {
		text := "dnsaddr=" + d.host.Addrs[0].String() + "/p2p/" + d.host.ID.String()
		if len(text) > 255 {
			continue // one string holds no more
		}
		out = append(out, &dns.TXT{Hdr: header(name, dns.TypeTXT), Txt: []string{text}})
	}
	return out
}

type drawn struct {
	host Host
	ip   netip.Addr
}

// draw draws up to most hosts, one a netgroup, by the address that of returns.
func draw(hosts []Host, rng *rand.Rand, most int, of func(Host) (netip.Addr, bool)) []drawn {
	var out []drawn
	var groups []netip.Prefix
	for _, i := range rng.Perm(len(hosts)) {
		if len(out) == most {
			break
		}
		ip, ok := of(hosts[i])
		if !ok || slices.Contains(groups, siteOf(ip)) {
			continue
		}
		groups = append(groups, siteOf(ip))
		out = append(out, drawn{hosts[i], ip})
	}
	return out
}

// siteOf is an IPv4 /16 or an IPv6 /32, as in the address book. On loopback,
// where a whole network lives on one address, every address is one of its own.
func siteOf(ip netip.Addr) netip.Prefix {
	if ip.IsLoopback() {
		return netip.PrefixFrom(ip, ip.BitLen())
	}
	return netgroup.Prefix(ip)
}
