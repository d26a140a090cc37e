package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/pappus-network/pappus/events"
)

// maxChargeLines bounds what hostile peers can make us write: this many lines
// about charges a minute, ~200 bytes each, the rest is counted and summed up
// in one line. Source: Bitcoin Core's CVE-2025-54605, disks filled by logs.
const maxChargeLines = 60

// logbook turns events into log lines. Logic elsewhere does not log.
type logbook struct {
	log    *slog.Logger
	sub    *Subscription
	now    func() time.Time
	window time.Time // start of the current minute of charges
	lines  int
	muted  int
}

func newLogbook(log *slog.Logger, bus *Bus, now func() time.Time) *logbook {
	return &logbook{log: log, sub: bus.Subscribe(), now: now}
}

// Run writes until ctx ends.
func (j *logbook) Run(ctx context.Context) error {
	defer j.sub.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-j.sub.C:
			j.write(ctx, e)
		}
	}
}

func (j *logbook) write(ctx context.Context, e events.Event) {
	switch e := e.(type) {
	case events.PeerUp:
		j.log.InfoContext(ctx, "peer up", "peer", e.Peer, "kind", e.Kind, "source", e.Origin.String(), "height", e.Height)
	case events.PeerDown:
		j.log.InfoContext(ctx, "peer down", "peer", e.Peer, "reason", e.Reason)
	case events.Charged:
		if j.allowed(ctx) {
			j.log.WarnContext(ctx, "peer charged", "peer", e.Peer, "reason", e.Reason, "err", e.Err)
		}
	case events.Banned:
		if j.allowed(ctx) {
			j.log.WarnContext(ctx, "banned", "subject", e.Subject, "reason", e.Reason, "until", e.Until)
		}
	case events.AddressesHeard:
		j.log.DebugContext(ctx, "addresses heard", "peer", e.From, "taken", e.Taken, "limited", e.Limited, "useless", e.Useless)
	case events.HeadersAdded:
		j.log.DebugContext(ctx, "headers added", "height", e.Height, "hash", e.Hash, "added", e.Added)
	case events.BlockConnected:
		j.log.DebugContext(ctx, "block connected", "height", e.Height, "hash", e.Hash, "bytes", e.Bytes, "txs", e.Txs)
	case events.BlockDisconnected:
		j.log.InfoContext(ctx, "block disconnected", "height", e.Height, "hash", e.Hash)
	case events.SyncStalled:
		j.log.InfoContext(ctx, "peer holds the download back", "peer", e.Peer, "timeout", e.Timeout)
	case events.TxAccepted:
		j.log.DebugContext(ctx, "transaction accepted", "tx", e.Tx, "bytes", e.Bytes)
	case events.TxRefused:
		j.log.DebugContext(ctx, "transaction refused", "tx", e.Tx, "reason", e.Reason)
	case events.TxHeard: // never above debug: it tells where transactions come from
		j.log.DebugContext(ctx, "transactions heard of", "peer", e.From, "ids", e.Txs, "stem", e.Stem)
	case events.TxStemmed: // never above debug: it tells where a transaction goes
		j.log.DebugContext(ctx, "transaction stemmed", "tx", e.Tx, "peer", e.To)
	case events.TxFluffed:
		j.log.DebugContext(ctx, "transaction fluffed", "tx", e.Tx, "cause", e.Cause)
	}
}

// allowed says whether one more charge may be written, and tells how many were
// not when the minute is over.
func (j *logbook) allowed(ctx context.Context) bool {
	if now := j.now(); now.Sub(j.window) >= time.Minute {
		if j.muted > 0 {
			j.log.WarnContext(ctx, "more charges in the last minute", "count", j.muted)
		}
		j.window, j.lines, j.muted = now, 0, 0
	}
	if j.lines >= maxChargeLines {
		j.muted++
		return false
	}
	j.lines++
	return true
}
