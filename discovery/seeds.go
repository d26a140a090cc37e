package discovery

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/dnsseed"
)

// When seeds are asked (mechanisms 38 and 44). Seeds learn who starts, and DNS can be
// hijacked, so that the book is tried first. Source of the waits: Bitcoin Core's
// net.cpp, DNSSEEDS_DELAY_FEW_PEERS, DNSSEEDS_DELAY_MANY_PEERS and
// DNSSEEDS_DELAY_PEER_THRESHOLD.
const (
	seedsSoon  = 11 * time.Second // with few in the book; at once with none
	seedsLater = 5 * time.Minute
	many       = 1000 // in the book
	// enough links of its own are up, and no seed is asked.
	enough = 2
	// seedTimeout bounds one seed's answer. As long as the node has not enough, they are
	// asked again after seedsSoon, and then after ever longer, up to seedsAgain: the name
	// server may have been down for the minute in which the node was started.
	seedTimeout = 10 * time.Second
	seedsAgain  = 10 * time.Minute
)

// Seed asks DNS seeds for peers, in a random order and one after the other until one
// names somebody, whenever the book has not brought enough links. It works until
// ctx ends. What a seed names can fill no more of the book than one netgroup's word.
func (f *Finder) Seed(ctx context.Context, r dnsseed.Resolver, hosts []string, src rand.Source) error {
	if len(hosts) == 0 || f.cfg.Outbound == 0 {
		return nil
	}
	rng, hosts := rand.New(src), slices.Clone(hosts)
	pause := seedsSoon
	for wait := f.seedsDue(); ; wait, pause = pause, min(2*pause, seedsAgain) {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if f.outbound() >= enough {
			continue
		}
		rng.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
		for _, host := range hosts {
			if f.askSeed(ctx, r, host) || ctx.Err() != nil {
				break
			}
		}
	}
}

// seedsDue is how long the book has before seeds are asked.
func (f *Finder) seedsDue() time.Duration {
	switch fresh, tried := f.Len(); {
	case fresh+tried == 0:
		return 0
	case fresh+tried >= many:
		return seedsLater
	}
	return seedsSoon
}

func (f *Finder) outbound() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.links {
		if !l.Inbound() {
			n++
		}
	}
	return n
}

// askSeed asks one seed and says whether it named anybody.
func (f *Finder) askSeed(ctx context.Context, r dnsseed.Resolver, host string) bool {
	bounded, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	answer, err := dnsseed.Ask(bounded, r, host)
	if err != nil {
		if ctx.Err() == nil {
			f.log.WarnContext(ctx, "a seed is of no use", "seed", host, "err", err)
		}
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now, source := time.Now(), addrbook.Seed(host)
	f.seeds[source] = host
	named := f.named(now, answer.Peers, now, source)
	f.log.InfoContext(ctx, "asked a seed", "seed", host, "peers", len(answer.Peers), "new", named)
	f.rouse()
	return len(answer.Peers) > 0
}

// named enters peers of whom nobody has signed anything, as seen at a time, and returns how
// many were new. The lock is held.
func (f *Finder) named(now time.Time, peers []peer.AddrInfo, seen time.Time, source addrbook.Group) (fresh int) {
	for _, p := range peers {
		addrs := multiaddr.FilterAddrs(p.Addrs, f.allow)
		if p.ID == f.host.ID() || len(addrs) == 0 {
			continue
		}
		if added, err := f.book.Add(now, addrbook.Advert{Peer: p.ID, Addrs: addrs, Seen: seen}, source); err == nil && added {
			fresh++
		}
	}
	return fresh
}
