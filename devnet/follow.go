package devnet

import (
	"context"
	"time"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/events"
)

// follow tells the page and the tracer what happens in a member's node, until ctx or the
// node ends.
func (d *Devnet) follow(ctx context.Context, a alive) {
	a.mu.Lock()
	r := a.run
	a.mu.Unlock()
	if r == nil {
		return
	}
	sub := a.node.Bus().Subscribe()
	teller := dashboard.Teller{Node: a.name, Traced: true, Peer: d.name}
	d.trace.join(a.member, time.Now(), a.node.Chain().Mempool().Have)
	d.work.Go(func() { // ends with the node
		defer sub.Close()
		defer d.trace.leave(a.member)
		for {
			select {
			case <-ctx.Done():
				return
			case <-r.done:
				return
			case e := <-sub.C:
				now := time.Now()
				teller.Tell(d.feed, now, e)
				d.note(now, a, e)
			}
		}
	})
}

// note passes on what the tracer and the purse want to know.
func (d *Devnet) note(now time.Time, a alive, e events.Event) {
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
		d.readBlock(a, e.Hash, e.Height)
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
