package discovery

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/addrbook"
)

// fixedAfter is how long the book and the DNS seeds have to bring a link before the peers
// that are built in are put into the book. Source: Bitcoin Core's net.cpp,
// ThreadOpenConnections ("Adding fixed seeds as 60 seconds have passed").
const fixedAfter = time.Minute

// fixedAge is how old a built-in address is held to be: a release may be old, and the
// book forgets what nobody has seen for a month. Source: Bitcoin Core's
// ConvertSeeds, a week or two.
const fixedAge = 7 * 24 * time.Hour

// fixedSource is who has told of them: like a DNS seed they can fill no more of the book
// than one netgroup's word. No host has a name with a blank.
var fixedSource = addrbook.Seed("fixed seeds")

// Fixed adds peers that are built into the program to the book if no link of the node's
// own is up after a minute, or at once if the book is empty and no DNS seed is there to
// be asked; asked says whether one is (mechanism 39). It ends when they are in the book,
// or a link is up.
func (f *Finder) Fixed(ctx context.Context, peers []peer.AddrInfo, asked bool) error {
	if len(peers) == 0 || f.cfg.Outbound == 0 {
		return nil
	}
	wait := fixedAfter
	if fresh, tried := f.Len(); fresh+tried == 0 && !asked {
		wait = 0
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-timer.C:
	}
	if f.outbound() > 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	named := f.named(now, peers, now.Add(-fixedAge), fixedSource)
	f.log.InfoContext(ctx, "nobody else has helped: the peers that are built in are tried", "peers", len(peers), "new", named)
	f.rouse()
	return nil
}
