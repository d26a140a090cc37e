package testnet

import (
	"context"
	"errors"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
)

// SeedName is the DNS name at which a network's seeds are found.
const SeedName = "seed.example"

var errNoName = errors.New("no such host")

// Zone is DNS for seeds, under [SeedName]. The zero value is dead. It is safe for
// concurrent use.
type Zone struct {
	mu    sync.Mutex
	named []host.Host
	asked int
}

// Name has the zone name these hosts and no others; without any it is dead.
func (z *Zone) Name(hosts ...host.Host) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.named = hosts
}

// Asked is how many questions there have been.
func (z *Zone) Asked() int {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.asked
}

// LookupTXT implements dnsseed.Resolver.
func (z *Zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked++
	if name != "_dnsaddr."+SeedName || len(z.named) == 0 {
		return nil, errNoName
	}
	var records []string
	for _, h := range z.named {
		for _, a := range h.Network().ListenAddresses() {
			records = append(records, "dnsaddr="+a.String()+"/p2p/"+h.ID().String())
		}
	}
	return records, nil
}
