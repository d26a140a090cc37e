package seeder

import (
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

// How often one IPv4 /24 or IPv6 /48 is answered: a resolver that serves a city asks
// once in a TTL; a victim whose address is forged gets 6 kB a second.
const (
	perSecond = 5
	burst     = 20
	// maxClients bounds the memory of who asked: 4,096 of 120 bytes. When it is
	// full all are forgotten, which gives each a burst anew.
	maxClients = 4096
)

// limiter says who is answered. It is not safe for concurrent use.
type limiter struct {
	clients map[netip.Prefix]*rate.Limiter
}

func (l *limiter) allow(now time.Time, ip netip.Addr) bool {
	bits := 48
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	client := netip.PrefixFrom(ip, bits).Masked()
	c := l.clients[client]
	if c == nil {
		if l.clients == nil || len(l.clients) >= maxClients {
			l.clients = make(map[netip.Prefix]*rate.Limiter)
		}
		c = rate.NewLimiter(perSecond, burst)
		l.clients[client] = c
	}
	return c.AllowN(now, 1)
}
