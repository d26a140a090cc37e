package discovery

import (
	"maps"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// A peer that turns this node away has no room, most likely: it is left alone for a pause,
// which doubles each time, and others are dialled. Full nodes tell a newcomer whom they
// know before they let it go, and hold it against whoever is back at once.
const (
	firstPause = 10 * time.Second
	lastPause  = 10 * time.Minute
	// alonePause is the longest while no link is up: then it is this node that has a
	// problem, and three seeds may be all that it knows.
	alonePause = 20 * time.Second
	// brief is how long a link must last for its end not to be a turning away.
	brief = time.Minute
	// maxPaused is how many such peers are remembered: 100 bytes each.
	maxPaused = 1024
)

// pause is for how long a peer is left alone.
type pause struct {
	until  time.Time
	length time.Duration // without what chance has added
}

// turnedAway notes that a peer did not want a link. The lock is held.
func (f *Finder) turnedAway(now time.Time, p peer.ID) {
	length := firstPause
	if old, known := f.pauses[p]; known && now.Sub(old.until) < lastPause {
		length = min(2*old.length, lastPause)
	}
	if len(f.links) == 0 {
		length = min(length, alonePause)
	}
	if len(f.pauses) >= maxPaused {
		maps.DeleteFunc(f.pauses, func(_ peer.ID, old pause) bool { return now.After(old.until) })
	}
	if len(f.pauses) < maxPaused {
		// Half a pause of jitter: those who were turned away together do not come back together.
		f.pauses[p] = pause{now.Add(length + rand.N(length/2)), length}
	}
}

// ended notes how a link that this node has dialled has ended. The lock is held.
func (f *Finder) ended(now time.Time, l Link) {
	switch {
	case l.spare:
	case now.Sub(l.since) < brief:
		f.turnedAway(now, l.Peer)
	default:
		delete(f.pauses, l.Peer)
	}
}

// resting is how long there is nobody to dial, if nobody new comes: as long as the first pause
// lasts. The lock is held.
func (f *Finder) resting(now time.Time) time.Duration {
	rest := f.cfg.Rest
	for _, p := range f.pauses {
		if left := p.until.Sub(now); left > 0 {
			rest = min(rest, left)
		}
	}
	return max(rest, f.cfg.Pause)
}

// closed ends a dial whose connection has ended before the handshake was made.
func (f *Finder) closed(_ network.Network, c network.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := c.RemotePeer()
	if d := f.dials[p]; d != nil && d.connected && f.host.Network().Connectedness(p) != network.Connected {
		d.end()
	}
}
