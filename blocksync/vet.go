package blocksync

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/blocksync/presync"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// startVetting begins to look at a chain that has not shown enough work yet.
func (p *pull) startVetting(w weighed) {
	p.void += p.ahead
	p.ahead = 0
	p.vetting = presync.New(p.s.cfg.Presync, p.s.params, presync.Start{
		Hash: w.parent.Hash, Header: w.parent.Header, Height: w.parent.Height, Work: w.parent.Work,
		MedianTimePast: p.s.medianTimePast(w.parent),
	}, w.floor, time.Now(), p.s.salt())
}

// vet takes one answer while headers are being vetted: they are counted and
// forgotten, then sent again, and only then taken in.
func (p *pull) vet(ctx context.Context, row []wire.BlockHeader, full bool) (more bool, err error) {
	release, more, err := p.vetting.Next(row, full)
	if len(release) > 0 {
		p.progress = true
		if err := p.s.accept(p.m, release); err != nil {
			return false, err
		}
	}
	var fault *presync.Error
	switch {
	case errors.As(err, &fault) && fault.Reason == events.LowWorkHeaders:
		return false, nil // an honest peer may be on a worthless branch
	case errors.As(err, &fault):
		return false, &exchange.PeerError{Peer: p.m.id, Reason: fault.Reason, Err: err}
	case err != nil || !more:
		return false, err
	}
	if err := p.awaitSlot(ctx); err != nil {
		return false, err
	}
	if p.vetting.State() == presync.Done {
		p.vetting = nil
		p.last = row[len(row)-1].BlockHash()
		return true, p.askAhead(ctx)
	}
	return true, p.request(ctx, p.s.locator(p.vetting.Locator()[0], p.s.tree.Best().Hash))
}

// medianTimePast is the median of the timestamps of e and the ten before it, by
// which the next header's time is judged (blockchain.CalcPastMedianTime).
func (s *Sync) medianTimePast(e headertree.Entry) time.Time {
	const span = 11
	times := make([]int64, 0, span)
	for range span {
		times = append(times, e.Header.Timestamp.Unix())
		if e.Height == 0 {
			break
		}
		e, _ = s.tree.Lookup(e.Header.PrevBlock)
	}
	slices.Sort(times)
	return time.Unix(times[len(times)/2], 0)
}

// salt returns a source of its own for one chain to be vetted.
func (s *Sync) salt() rand.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(s.rand.Uint32())
	}
	return rand.NewChaCha8(seed)
}
