package devnet

import (
	"context"
	"sync"
	"time"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/events"
)

// followAgain is how long a stream of events that has broken off is left alone.
const followAgain = time.Second

// joining is how many transactions of a node's mempool are looked at when it joins: the
// last ones may be among those that are traced.
const joining = 1000

// follow tells the page and the tracer what happens in a member's node, until ctx or the
// node ends. It returns once nothing is missed.
func (d *Devnet) follow(ctx context.Context, a alive) {
	teller := dashboard.Teller{Node: a.name, Traced: true, Peer: d.name}
	tell := func(now time.Time, e events.Event) {
		teller.Tell(d.feed, now, e)
		d.note(ctx, now, a, e)
	}
	begun := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	ended := make(chan struct{})
	d.work.Go(func() { // ends with the node
		defer close(ended)
		defer d.trace.leave(a.member)
		for {
			if err := a.Follow(ctx, begin, tell); err != nil && ctx.Err() == nil {
				d.log.DebugContext(ctx, "events are missed", "node", a.name, "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-a.done:
				return
			case <-time.After(followAgain):
			}
		}
	})
	select {
	case <-begun:
	case <-ended:
		return
	}
	has := make(map[string]bool)
	if pool, err := a.Mempool(ctx, joining); err == nil { // else it has ended
		for _, tx := range pool.Txs {
			has[tx.Txid] = true
		}
	}
	d.trace.join(a.member, time.Now(), has)
	select {
	case <-ended: // before it had joined
		d.trace.leave(a.member)
	default:
	}
}

// note passes on what the tracer and the purse want to know.
func (d *Devnet) note(ctx context.Context, now time.Time, a alive, e events.Event) {
	switch e := e.(type) {
	case events.TxStemmed:
		d.trace.stemmed(now, e.Tx, a.member, d.name(e.To))
	case events.TxHeard:
		d.trace.heard(now, e.Txs, d.member(e.From), a.member, e.Stem)
	case events.TxFluffed:
		d.trace.fluffed(now, e.Tx, a.member, e.Cause)
	case events.TxAccepted:
		d.trace.accepted(now, e.Tx, a.member)
	case events.BlockConnected:
		d.readBlock(ctx, a, e.Hash, e.Height)
	}
}

// stamp is what an event of ours begins with.
func stamp(name string) dashboard.Stamp {
	return dashboard.Stamp{At: time.Now().UnixMilli(), Node: name}
}

// The events of a devnet.
type (
	memberEvent struct {
		dashboard.Stamp
		ID string `json:"id"`
	}
	parting struct {
		dashboard.Stamp
		Groups [][]string `json:"groups"`
	}
	sentTx struct {
		dashboard.Stamp
		Txid  string `json:"txid"`
		Bytes int    `json:"bytes"`
	}
	minedTxs struct {
		dashboard.Stamp
		Txids  []string `json:"txids"`
		Height int32    `json:"height"`
		Hash   string   `json:"hash"`
	}
	spying struct {
		dashboard.Stamp
		On       bool     `json:"on"`
		Spies    []string `json:"spies"`
		Fraction float64  `json:"fraction"`
	}
)
