package node

import (
	"context"

	"github.com/pappus-network/pappus/events"
)

// announceTips tells peers of each new tip once we are in step.
func (n *Node) announceTips(ctx context.Context, sub *Subscription) error {
	defer sub.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-sub.C:
			b, ok := e.(events.BlockConnected)
			if !ok || n.sync.Progress().Syncing {
				continue
			}
			if entry, ok := n.chain.Headers().Lookup(b.Hash); ok {
				n.announce.Announce(entry.Header)
				if err := n.relaying.gossip.PublishBlock(ctx, entry.Header); err != nil && ctx.Err() == nil {
					n.log.WarnContext(ctx, "block is not gossiped", "hash", b.Hash, "err", err)
				}
			}
		}
	}
}
