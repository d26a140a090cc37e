package chain

import (
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// currentAge is how old the tip's time may be in a chain that is called current.
// Source: Bitcoin Core's DEFAULT_MAX_TIP_AGE (src/kernel/chainstatemanager_opts.h).
const currentAge = 24 * time.Hour

// Tip is the end of the validated chain.
type Tip struct {
	Hash       chainhash.Hash
	Height     int32
	Time       time.Time // of the header
	MedianTime time.Time // of the last eleven headers: what locks and timestamps are held against
	TotalTxs   uint64    // from genesis to here
}

// Tip returns the end of the validated chain. It never waits for validation.
func (c *Chain) Tip() Tip { return *c.tip.Load() }

// moveTip takes over the tip from btcd; header is the tip's. It runs where btcd's lock
// is free and no other block can be connected.
func (c *Chain) moveTip(header *wire.BlockHeader) {
	best := c.consensus.BestSnapshot()
	c.tip.Store(&Tip{
		Hash:       best.Hash,
		Height:     best.Height,
		Time:       header.Timestamp,
		MedianTime: best.MedianTime,
		TotalTxs:   best.TotalTxns,
	})
}

// Current says whether the tip is recent and carries enough work to be taken for the
// network's own.
func (c *Chain) Current(now time.Time) bool {
	tip := c.Tip()
	if tip.Time.Before(now.Add(-currentAge)) {
		return false
	}
	e, ok := c.Headers().Lookup(tip.Hash)
	return ok && (c.cfg.MinChainWork == nil || e.Work.Cmp(c.cfg.MinChainWork) >= 0)
}

// Subscribe adds a reader of BlockConnected and BlockDisconnected. It is called in
// order, while the next block waits, and must not block or call Accept.
func (c *Chain) Subscribe(reader func(events.Event)) {
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	all := append(append([]func(events.Event){}, *c.subscribers.Load()...), reader)
	c.subscribers.Store(&all)
}

func (c *Chain) emit(e events.Event) {
	for _, reader := range *c.subscribers.Load() {
		reader(e)
	}
}

// notified is called by btcd, within Accept, with its own lock released.
func (c *Chain) notified(n *blockchain.Notification) {
	block, ok := n.Data.(*btcutil.Block)
	if !ok {
		return
	}
	hash, header := *block.Hash(), &block.MsgBlock().Header
	switch n.Type {
	case blockchain.NTBlockConnected:
		c.moveTip(header)
		if err := c.recordUndecodable(block); err != nil {
			c.log.Error("cannot record outputs that nobody can spend: hashes of all outputs are wrong until the blocks are read anew", "block", hash, "err", err)
		}
		c.salvage.validated(hash)
		c.confirm(block)
		c.emit(events.BlockConnected{
			Height: block.Height(),
			Hash:   hash,
			Time:   header.Timestamp,
			Bytes:  size(block),
			Txs:    len(block.Transactions()),
		})
	case blockchain.NTBlockDisconnected:
		parent, _ := c.Headers().Lookup(header.PrevBlock) // every accepted block has its header there
		c.moveTip(&parent.Header)
		c.pool.Disconnect(block)
		c.emit(events.BlockDisconnected{Height: block.Height(), Hash: hash})
	case blockchain.NTBlockAccepted:
		// Stored, perhaps on a side branch: nothing depends on it.
	}
}

// size returns the length of a stored block, whose bytes are at hand.
func size(b *btcutil.Block) int {
	raw, err := b.Bytes()
	if err != nil {
		return b.MsgBlock().SerializeSize()
	}
	return len(raw)
}
