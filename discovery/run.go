package discovery

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/addrbook"
)

// Run finds peers until ctx ends, and returns when no dial is under way and the
// book is stored.
func (f *Finder) Run(ctx context.Context) error {
	sub, err := f.host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return fmt.Errorf("follow identify: %w", err)
	}
	defer sub.Close() //nolint:errcheck // it cannot fail but by being closed
	defer f.work.Wait()
	now := time.Now()
	fill, feeler, save := now, now.Add(f.cfg.Feeler), now.Add(f.cfg.Save)
	for {
		timer := time.NewTimer(time.Until(f.next(fill, feeler, save)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return f.save(context.WithoutCancel(ctx))
		case e := <-sub.Out():
			if done, ok := e.(event.EvtPeerIdentificationCompleted); ok {
				f.identified(done)
			}
		case <-f.wake:
			f.errands(ctx)
			if soon := time.Now().Add(f.cfg.Pause); soon.Before(fill) {
				fill = soon
			}
		case <-timer.C:
		}
		timer.Stop()
		now := time.Now()
		if !now.Before(fill) {
			fill = now.Add(f.fill(ctx, now))
		}
		if !now.Before(feeler) {
			feeler = now.Add(f.cfg.Feeler)
			f.feel(ctx, now)
		}
		if !now.Before(save) {
			save = now.Add(f.cfg.Save)
			if err := f.save(ctx); err != nil {
				return err
			}
		}
	}
}

// next returns when there is something to do. A finder that opens no links only
// saves.
func (f *Finder) next(fill, feeler, save time.Time) time.Time {
	first := save
	if f.cfg.Outbound > 0 && fill.Before(first) {
		first = fill
	}
	if f.cfg.Outbound > 0 && feeler.Before(first) {
		first = feeler
	}
	return first
}

// errands asks and drops whom Join has noted.
func (f *Finder) errands(ctx context.Context) {
	f.mu.Lock()
	asks, drops := f.toAsk, f.toDrop
	f.toAsk, f.toDrop = nil, nil
	links := make([]Link, 0, len(asks))
	for _, p := range asks {
		if l, up := f.links[p]; up {
			links = append(links, l)
		}
	}
	f.mu.Unlock()
	for _, p := range drops {
		f.peers.Drop(p)
	}
	for _, l := range links {
		// It ends with the exchange, whose contract bounds it, or ctx.
		f.work.Go(func() {
			found, useless, err := f.ask.Ask(ctx, l.Peer)
			if err != nil {
				f.log.DebugContext(ctx, "no addresses", "peer", l.Peer, "err", err)
				return
			}
			f.log.DebugContext(ctx, "addresses", "peer", l.Peer, "found", len(found), "useless", useless)
			f.told(l, found)
		})
	}
}

// fill dials one peer if links are wanting, and says when to look again.
func (f *Finder) fill(ctx context.Context, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	outbound := 0
	var taken []addrbook.Group
	for _, l := range f.links {
		if !l.Inbound {
			outbound++
			if !f.cfg.SharedHosts {
				taken = append(taken, f.book.Group(ipOf(l.Addr)))
			}
		}
	}
	links := 0
	for _, feeler := range f.dials {
		if !feeler {
			links++
		}
	}
	if f.cfg.Outbound == 0 || outbound+links >= f.cfg.Outbound || links >= f.cfg.Dials {
		return f.cfg.Rest
	}
	e, ok := f.book.Pick(now, addrbook.Query{Taken: taken, Skip: f.skips})
	if !ok {
		f.askAgain(now)
		return f.cfg.Rest
	}
	f.dial(ctx, now, e, false)
	return f.cfg.Pause
}

// askAgain has peers asked that may know more by now. The lock is held.
func (f *Finder) askAgain(now time.Time) {
	for p, at := range f.asked {
		if now.Sub(at) >= f.cfg.Again {
			f.asked[p] = now
			f.toAsk = append(f.toAsk, p)
			f.rouse()
		}
	}
}

// feel tests one entry.
func (f *Finder) feel(ctx context.Context, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cfg.Outbound == 0 {
		return
	}
	e, ok := f.book.Feeler(now, addrbook.Query{Skip: f.skips})
	if !ok {
		return
	}
	if l, up := f.links[e.Peer]; up { // the holder of a contested slot
		if !l.Inbound {
			f.book.Good(now, e.Peer, nil, l.Services)
		}
		return
	}
	if !f.skips(e.Peer) {
		f.dial(ctx, now, e, true)
	}
}

// skips says whether a peer is not to be dialled.
func (f *Finder) skips(p peer.ID) bool {
	_, linked := f.links[p]
	_, dialled := f.dials[p]
	return linked || dialled || p == f.host.ID() || f.peers.Refused(p) ||
		f.host.Network().Connectedness(p) == network.Connected
}

// dial opens a connection; the handshake and [Finder.Join] follow by themselves. The
// lock is held.
func (f *Finder) dial(ctx context.Context, now time.Time, e addrbook.Entry, feeler bool) {
	f.book.Attempt(now, e.Peer, len(f.links) > 0)
	f.dials[e.Peer] = feeler
	// It ends with the dial or ctx. A feeler counts as one until the handshake has
	// had its time.
	f.work.Go(func() {
		bounded, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "discovery"), f.cfg.Timeout)
		defer cancel()
		err := f.host.Connect(bounded, e.Info())
		if err != nil && ctx.Err() == nil {
			f.log.DebugContext(ctx, "no link", "peer", e.Peer, "feeler", feeler, "err", err)
		}
		if err == nil && feeler {
			<-bounded.Done()
		}
		f.mu.Lock()
		delete(f.dials, e.Peer)
		f.mu.Unlock()
		f.rouse()
	})
}
