package node

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/protocols/inventory"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/protocols/stem"
	"github.com/pappus-network/pappus/relay"
	"github.com/pappus-network/pappus/relay/gossip"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/relay/stempool"
)

const (
	// saveEvery is how often the mempool is written, which others have as well: a
	// crash may lose so much of it. 300 MB take seconds.
	saveEvery = 15 * time.Minute
	// expireEvery is how often it is looked for what has waited too long.
	expireEvery = 10 * time.Minute
)

// relaying is what spreads transactions in a node, with what it keeps on disk.
type relaying struct {
	relay   *relay.Relay
	gossip  *gossip.Gossip
	stem    *stem.Sender
	journal *journal.Journal
	dump    datastore.Batching // of the mempool
}

// openRelay reads what was left on disk and puts the relay together.
func (n *Node) openRelay(ctx context.Context) error {
	own, bad, err := journal.Open(ctx, n.store.View("journal"))
	if err != nil {
		return err
	}
	if bad > 0 {
		n.log.WarnContext(ctx, "entries of the transaction journal cannot be read", "count", bad)
	}
	dump := n.store.View("mempool")
	if taken, left, err := n.chain.Mempool().Load(ctx, time.Now(), dump); err != nil {
		return err
	} else if taken+left > 0 {
		n.log.InfoContext(ctx, "mempool loaded", "transactions", taken, "not_valid_any_more", left)
	}
	shelf := stempool.NewShelf(n.store.View("stempool"))
	records, bad, err := shelf.Load(ctx)
	if err != nil {
		return err
	}
	if bad > 0 {
		n.log.WarnContext(ctx, "entries of the stempool cannot be read and are deleted", "count", bad)
	}
	r := &relaying{journal: own, dump: dump, stem: stem.NewSender(n.host, n.params)}
	r.gossip = gossip.New(n.params, n.cfg.local(), gossip.Parts{
		Host: n.host, Sink: gossiped{n}, Admitted: n.peers.relays, Barred: n.blocksOnly, Charge: n.charge, Log: n.log,
		Seen: func(wtxid chainhash.Hash, from peer.ID) { r.relay.Seen(wtxid, from) },
	})
	settings, err := n.cfg.relay()
	if err != nil {
		return err
	}
	r.relay, err = relay.New(settings, relay.Parts{
		Pool: n.chain.Mempool(), Shelf: shelf, Records: records, Journal: own, Announce: n.announce, Stem: r.stem, Gossip: r.gossip,
		Objects: objects.NewClient(n.host, n.params), Mempools: inventory.NewClient(n.host, n.params), Charge: n.charge, Emit: n.bus.Emit, Log: n.log, Src: n.secret,
	})
	if err != nil {
		return err
	}
	n.relaying = r
	n.peers.followers = append(n.peers.followers, relayFollower{r.stem}, relayPeers{n})
	return nil
}

// run keeps the relay going until ctx ends.
func (r *relaying) run(ctx context.Context, n *Node, group *errgroup.Group) {
	blocks := n.bus.Subscribe()
	group.Go(func() error { return r.journal.Run(ctx) })
	group.Go(func() error { return r.gossip.Run(ctx) })
	group.Go(func() error { return r.stem.Run(ctx) })
	group.Go(func() error { return r.relay.Run(ctx) })
	group.Go(func() error { return r.keep(ctx, n) })
	group.Go(func() error { return r.followBlocks(ctx, n, blocks) })
}

// keep writes the mempool now and then, and when ctx ends.
func (r *relaying) keep(ctx context.Context, n *Node) error {
	save, expire := time.NewTicker(saveEvery), time.NewTicker(expireEvery)
	defer save.Stop()
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return n.chain.Mempool().Dump(context.WithoutCancel(ctx), r.dump)
		case <-save.C:
			if err := n.chain.Mempool().Dump(ctx, r.dump); err != nil && ctx.Err() == nil {
				return err
			}
		case now := <-expire.C:
			n.chain.Mempool().Expire(now)
		}
	}
}

// relayPeers tells the relay of peers.
type relayPeers struct{ node *Node }

// Join implements follower.
func (f relayPeers) Join(p linked) {
	if !p.kind.Transactions() {
		return
	}
	f.node.relaying.relay.Join(p.id, relay.Link{Inbound: !f.node.chose(p), Full: p.status.Services&status.Full != 0, Group: f.node.table.OfAddr(p.conn.RemoteMultiaddr())})
}

// Leave implements follower.
func (f relayPeers) Leave(p peer.ID) { f.node.relaying.relay.Leave(p) }

// chose says whether it was this node's choice to be linked with a peer: it has dialled it,
// or the operator has named it and it was quicker.
func (n *Node) chose(p linked) bool { return !p.inbound || n.keeper.keeps(p.id) }

// relayFollower tells the stem's sender of peers.
type relayFollower struct{ sender *stem.Sender }

// Join implements follower.
func (f relayFollower) Join(p linked) {
	if p.kind.Transactions() {
		f.sender.Join(p.id)
	}
}

// Leave implements follower.
func (f relayFollower) Leave(p peer.ID) { f.sender.Leave(p) }

// gossiped takes what gossip brings.
type gossiped struct{ node *Node }

// Tx implements gossip.Sink.
func (g gossiped) Tx(_ context.Context, from peer.ID, tx *btcutil.Tx) gossip.Verdict {
	taken, err := g.node.relaying.relay.Received(from, tx)
	switch {
	case err != nil:
		g.node.charge(from, err)
		return gossip.Reject
	case taken:
		return gossip.Accept
	}
	return gossip.Ignore
}

// Block implements gossip.Sink. A header goes on if it is known, or extends our best
// chain with as much work as that took. Whoever forwards it need not have the block
// yet: it is fetched from the first peer that announces it, which means having it.
func (g gossiped) Block(_ context.Context, _ peer.ID, h wire.BlockHeader) gossip.Verdict {
	tree := g.node.chain.Headers()
	best := tree.Best()
	switch hash := h.BlockHash(); {
	case tree.Invalid(hash):
		return gossip.Ignore
	case tree.Has(hash), h.PrevBlock == best.Hash && h.Bits == best.Header.Bits:
		return gossip.Accept
	}
	return gossip.Ignore
}

var _ gossip.Sink = gossiped{}
