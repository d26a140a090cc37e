package reputation

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// BanTime is how long a peer that broke a rule no honest peer breaks stays
// out. Source: Bitcoin Core's default for -bantime.
const BanTime = 24 * time.Hour

// maxBans bounds the memory that an attacker with many identities can take:
// 10,000 × ~100 bytes ≈ 1 MB. The oldest ban gives way.
const maxBans = 10_000

// Bans are who is kept out. They are not safe for concurrent use.
type Bans struct {
	until map[peer.ID]time.Time
	order []peer.ID // oldest first
	spare map[peer.ID]struct{}
}

// NewBans returns bans that never hit the spared: the peers that the operator
// named.
func NewBans(spare []peer.ID) *Bans {
	b := &Bans{until: make(map[peer.ID]time.Time), spare: make(map[peer.ID]struct{})}
	for _, p := range spare {
		b.spare[p] = struct{}{}
	}
	return b
}

// Ban keeps a peer out for [BanTime] and says whether it does.
func (b *Bans) Ban(now time.Time, p peer.ID) bool {
	if _, ok := b.spare[p]; ok {
		return false
	}
	if _, again := b.until[p]; !again {
		if len(b.order) >= maxBans {
			delete(b.until, b.order[0])
			b.order = b.order[1:]
		}
		b.order = append(b.order, p)
	}
	b.until[p] = now.Add(BanTime)
	return true
}

// Banned says whether a peer is kept out.
func (b *Bans) Banned(now time.Time, p peer.ID) bool {
	until, ok := b.until[p]
	return ok && now.Before(until)
}
