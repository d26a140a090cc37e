package discovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/events"
)

// Run finds peers until ctx ends, and returns when no dial is under way and the
// book is stored.
func (f *Finder) Run(ctx context.Context) error {
	sub, err := f.host.EventBus().Subscribe([]any{new(event.EvtPeerIdentificationCompleted), new(event.EvtLocalAddressesUpdated)})
	if err != nil {
		return fmt.Errorf("follow the host's events: %w", err)
	}
	defer sub.Close() //nolint:errcheck // it cannot fail but by being closed
	watch := &network.NotifyBundle{DisconnectedF: f.closed}
	f.host.Network().Notify(watch)
	defer f.host.Network().StopNotify(watch)
	defer f.work.Wait()
	now := time.Now()
	fill, feeler, save := now, now.Add(f.cfg.Feeler), now.Add(f.cfg.Save)
	for {
		timer := time.NewTimer(time.Until(f.next(fill, feeler, save)))
		select {
		case <-ctx.Done():
			timer.Stop()
			last := context.WithoutCancel(ctx)
			return errors.Join(f.storeAnchors(last), f.save(last))
		case e := <-sub.Out():
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				f.identified(e)
			case event.EvtLocalAddressesUpdated:
				f.moved(e)
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
		f.advertise(now)
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
// tells and saves.
func (f *Finder) next(fill, feeler, save time.Time) time.Time {
	first := save
	f.mu.Lock()
	if advert := f.router.Next(); !advert.IsZero() && advert.Before(first) {
		first = advert
	}
	f.mu.Unlock()
	if f.cfg.Outbound > 0 && fill.Before(first) {
		first = fill
	}
	if f.cfg.Outbound > 0 && feeler.Before(first) {
		first = feeler
	}
	return first
}

// errands dials, asks and drops who was noted.
func (f *Finder) errands(ctx context.Context) {
	f.mu.Lock()
	asks, drops := f.toAsk, f.toDrop
	f.toAsk, f.toDrop = nil, nil
	for _, p := range f.toDial {
		if e, known := f.book.Lookup(p); known && !f.skips(p) {
			f.dial(ctx, time.Now(), e.Info(), events.FullRelay, f.origin(e)).extra = true
		}
	}
	f.toDial = nil
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
			found, useless, err := f.ask.Ask(ctx, l.Peer, f.verified)
			if err != nil {
				f.log.DebugContext(ctx, "no addresses", "peer", l.Peer, "err", err)
				return
			}
			f.log.DebugContext(ctx, "addresses", "peer", l.Peer, "found", len(found), "useless", useless)
			f.told(l, found)
		})
	}
}
