package blocksync

import (
	"math"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Progress is how far the node has come.
type Progress struct {
	HeaderHeight   int32         // of the best header
	BlockHeight    int32         // of the validated tip
	Peers          int           // that have joined
	BytesPerSecond float64       // of blocks received, over the last half minute
	ETA            time.Duration // until the tip reaches the best header; 0: it has, or nobody knows
	InFlight       int           // blocks asked for
	Held           int           // blocks waiting for their turn to be validated
	Syncing        bool          // far behind what can be had, or no peer has told all its headers yet
}

// Progress returns how far the node has come.
func (s *Sync) Progress() Progress {
	best, tip := s.tree.Best(), s.chain.Tip()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	st := s.schedule.Stats()
	p := Progress{
		HeaderHeight: best.Height, BlockHeight: tip.Height,
		Peers: len(s.members), InFlight: st.InFlight, Held: st.Held,
		Syncing: !s.heard || best.Height-tip.Height > s.cfg.Behind && !s.detour,
	}
	blocks, bytes := s.pace.rates(now)
	p.BytesPerSecond = bytes
	if left := float64(best.Height - tip.Height); left > 0 && blocks > 0 {
		p.ETA = time.Duration(min(left/blocks*float64(time.Second), math.MaxInt64/2))
	}
	return p
}

// PeerProgress is how far one peer and we have come together.
type PeerProgress struct {
	Header    int32     // highest header that it is known to have, -1: none
	Block     int32     // highest validated block that it is known to have, -1: none
	Claimed   int32     // the height of its status, not to be trusted
	InFlight  []int32   // heights of the blocks awaited from it
	LastBlock time.Time // when the last block came from it; zero: never
	Rate      float64   // bytes per second when busy; 0: not known
	Aside     bool      // it has stalled and is not asked at present
}

// PeerProgress returns how far p and we have come together, and whether p has
// joined.
func (s *Sync) PeerProgress(p peer.ID) (PeerProgress, bool) {
	tip := s.chain.Tip()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.members[p]
	if m == nil {
		return PeerProgress{}, false
	}
	out := PeerProgress{Header: -1, Block: -1, Claimed: m.claims, LastBlock: m.lastBlock}
	if m.work != nil {
		out.Header = m.height
		if fork, ok := s.tree.Fork(m.best, tip.Hash); ok {
			out.Block = fork.Height
		}
	}
	if st, ok := s.schedule.Peer(p); ok {
		out.InFlight, out.Rate, out.Aside = st.InFlight, st.Rate, st.Aside
	}
	return out, true
}

const (
	// paceStep is the resolution of rates, paceSpan what they are averaged
	// over: steady enough for an ETA, quick enough to show a stall.
	paceStep = time.Second
	paceSpan = 30
)

// pace counts blocks and bytes, with marks a second apart.
type pace struct {
	blocks, bytes int64
	marks         []mark
}

type mark struct {
	at            time.Time
	blocks, bytes int64
}

func (p *pace) received(now time.Time, bytes int) {
	p.mark(now)
	p.bytes += int64(bytes)
}

func (p *pace) validated(now time.Time) {
	p.mark(now)
	p.blocks++
}

// mark notes the counts once a second, before they change.
func (p *pace) mark(now time.Time) {
	if n := len(p.marks); n > 0 && now.Sub(p.marks[n-1].at) < paceStep {
		return
	}
	if len(p.marks) == paceSpan {
		p.marks = append(p.marks[:0], p.marks[1:]...)
	}
	p.marks = append(p.marks, mark{now, p.blocks, p.bytes})
}

// rates returns blocks and bytes per second since the oldest mark of the span.
func (p *pace) rates(now time.Time) (blocks, bytes float64) {
	for _, m := range p.marks {
		age := now.Sub(m.at)
		if age > paceSpan*paceStep {
			continue
		}
		seconds := max(age, paceStep).Seconds()
		return float64(p.blocks-m.blocks) / seconds, float64(p.bytes-m.bytes) / seconds
	}
	return 0, 0
}
