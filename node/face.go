package node

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/relay/journal"
)

const (
	// rateSpan is what a rate of blocks is averaged over.
	rateSpan = 10 * time.Second
	// maxSizes bounds the blocks whose sizes are remembered: 100 bytes each.
	maxSizes = 256
	// headerBytes is where a block's count of transactions begins.
	headerBytes = 80
)

// Face shows the node to the dashboard.
type Face struct {
	node *Node

	mu    sync.Mutex
	marks []mark // the oldest first
	sizes map[chainhash.Hash]size
}

// mark is a height at a time.
type mark struct {
	at     time.Time
	height int32
}

// size is a block's.
type size struct{ txs, bytes int }

// Face returns the node as the dashboard shows it. It may be asked once the node is ready.
func (n *Node) Face() *Face { return n.face }

func newFace(n *Node) *Face { return &Face{node: n, sizes: make(map[chainhash.Hash]size)} }

// State implements dashboard.Public.
func (f *Face) State(context.Context) (dashboard.State, error) {
	n := f.node
	p, tip := n.sync.Progress(), n.chain.Tip()
	s := dashboard.State{
		Name: n.host.ID().String(), ID: n.host.ID().String(), State: f.dot().State,
		Chain: dashboard.ChainState{
			Height: tip.Height, Headers: p.HeaderHeight, BestHash: tip.Hash.String(), Progress: progress(tip.Height, p.HeaderHeight),
			Rate: f.rate(time.Now(), tip.Height), ETA: p.ETA.Seconds(),
		},
	}
	if e, ok := n.chain.Headers().Lookup(tip.Hash); ok {
		s.Chain.BestTime, s.Chain.Work = moment(e.Header.Timestamp), fmt.Sprintf("%064x", cmp.Or(e.Work, new(big.Int)))
	}
	info := n.chain.Mempool().Info(time.Now())
	s.Mempool = dashboard.MempoolState{Count: info.Count, Bytes: info.Size}
	if n.cfg.TraceStems {
		_, s.Mempool.StemCount = f.Stems()
	}
	s.Resources = resources()
	if disk, err := n.chain.SizeOnDisk(); err == nil {
		s.Resources.Disk = int64(disk) // far below 2^63
	}
	if n.traffic != nil {
		total := n.traffic.GetBandwidthTotals()
		s.Traffic = dashboard.Traffic{In: total.TotalIn, Out: total.TotalOut}
	}
	return s, nil
}

// dot is the node itself in the picture.
func (f *Face) dot() dashboard.Dot {
	p := f.node.sync.Progress()
	id := f.node.host.ID().String()
	up, _ := f.node.peers.count()
	d := dashboard.Dot{
		Name: id, ID: id, Self: true, State: dashboard.Up, Height: p.BlockHeight, Headers: p.HeaderHeight,
		Peers: up, Mempool: f.node.chain.Mempool().Count(), Progress: progress(p.BlockHeight, p.HeaderHeight),
	}
	if p.BlockHeight < p.HeaderHeight || (p.Syncing && up > 0) {
		d.State = dashboard.Syncing
	}
	return d
}

// Dot is the node in a picture that it is not the centre of.
func (f *Face) Dot() dashboard.Dot {
	d := f.dot()
	d.Self = false
	return d
}

// Stems returns the peers that stems are handed to in this epoch, and how many are held.
// It is for networks that are studied; see relay.Relay.Stems.
func (f *Face) Stems() (to []peer.ID, held int) { return f.node.relaying.relay.Stems() }

// stems are the peers of [Face.Stems] where they may be told.
func (f *Face) stems() map[string]bool {
	if !f.node.cfg.TraceStems {
		return nil
	}
	to, _ := f.Stems()
	all := make(map[string]bool, len(to))
	for _, p := range to {
		all[p.String()] = true
	}
	return all
}

// progress is the share of the blocks that are here.
func progress(blocks, headers int32) float64 {
	if headers <= 0 || blocks >= headers {
		return 1
	}
	return float64(blocks) / float64(headers)
}

// rate is in blocks a second, since the oldest question within the span.
func (f *Face) rate(now time.Time, height int32) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marks = slices.DeleteFunc(f.marks, func(m mark) bool { return now.Sub(m.at) > rateSpan })
	if len(f.marks) == 0 || now.Sub(f.marks[len(f.marks)-1].at) >= rateSpan/10 {
		f.marks = append(f.marks, mark{now, height})
	}
	first := f.marks[0]
	span := now.Sub(first.at).Seconds()
	if span <= 0 {
		return 0
	}
	return max(0, float64(height-first.height)/span)
}

// Peers implements dashboard.Public.
func (f *Face) Peers(context.Context) ([]dashboard.Peer, error) {
	b := backend{f.node}
	var all []dashboard.Peer
	for _, p := range b.Connected() {
		d := dashboard.Peer{
			ID: p.ID.String(), Addr: p.Addr.String(), Inbound: p.Inbound, Kind: kindOf(p.Kind, p.Kept), Source: p.Origin.String(), Agent: p.Agent,
			Height: max(p.Start, p.SyncedBlock), Ping: float64(p.Ping) / float64(time.Millisecond), Since: p.Connected.UnixMilli(),
			In: int64(p.BytesRcv), Out: int64(p.BytesSent), // counters that began as int64
			Why: []dashboard.Charge{},
		}
		account := f.node.gater.account(p.ID)
		d.Score = account.Points
		for _, c := range account.Charges {
			d.Why = charged(d.Why, c)
		}
		all = append(all, d)
	}
	return all, nil
}

// kindOf writes a link's kind as the page knows it. A link that the operator named is his
// whoever was quicker to dial.
func kindOf(kind events.LinkKind, kept bool) string {
	switch {
	case kept, kind == events.Manual:
		return "added"
	case kind == events.BlockRelay:
		return "block"
	case kind == events.Inbound:
		return "inbound"
	}
	return "full"
}

// charged adds a charge; those for one reason are counted, at the time of the last.
func charged(why []dashboard.Charge, c reputation.Charge) []dashboard.Charge {
	for i := range why {
		if why[i].Reason == string(c.Reason) {
			why[i].Count++
			why[i].When = c.At.UnixMilli()
			return why
		}
	}
	return append(why, dashboard.Charge{When: c.At.UnixMilli(), Reason: string(c.Reason), Count: 1})
}

// Blocks implements dashboard.Public. Blocks that are pruned have a size of 0.
func (f *Face) Blocks(ctx context.Context, count int) ([]dashboard.Block, error) {
	var all []dashboard.Block
	at, ok := f.node.chain.Headers().Lookup(f.node.chain.Tip().Hash)
	for ok && len(all) < count && ctx.Err() == nil {
		s := f.sizeOf(at.Hash)
		all = append(all, dashboard.Block{
			Height: at.Height, Hash: at.Hash.String(), Time: moment(at.Header.Timestamp), Txs: s.txs, Bytes: s.bytes,
		})
		at, ok = f.node.chain.Headers().Lookup(at.Header.PrevBlock)
	}
	return all, ctx.Err()
}

func (f *Face) sizeOf(hash chainhash.Hash) size {
	f.mu.Lock()
	s, known := f.sizes[hash]
	f.mu.Unlock()
	if known {
		return s
	}
	raw, err := f.node.chain.StoredBlock(hash)
	if err != nil || len(raw) < headerBytes {
		return size{} // pruned
	}
	txs, err := wire.ReadVarInt(bytes.NewReader(raw[headerBytes:]), 0)
	if err != nil {
		return size{}
	}
	s = size{int(txs), len(raw)} // of a block that is valid
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sizes) >= maxSizes {
		clear(f.sizes)
	}
	f.sizes[hash] = s
	return s
}

// Mempool implements dashboard.Public.
func (f *Face) Mempool(_ context.Context, count int) (dashboard.Mempool, error) {
	pool := f.node.chain.Mempool()
	info := pool.Info(time.Now())
	entries := pool.Entries()
	slices.SortStableFunc(entries, func(a, b txpool.Entry) int { return b.Added.Compare(a.Added) })
	m := dashboard.Mempool{Count: info.Count, Bytes: info.Size, Txs: []dashboard.Tx{}}
	for _, e := range entries[:min(count, len(entries))] {
		m.Txs = append(m.Txs, dashboard.Tx{
			Txid: e.Tx.Hash().String(), Bytes: e.Tx.MsgTx().SerializeSize(), Fee: int64(e.Fee), Time: e.Added.UnixMilli(),
		})
	}
	return m, nil
}

// Addresses implements dashboard.Public.
func (f *Face) Addresses(_ context.Context, count int) (dashboard.Addresses, error) {
	fresh, tried := f.node.finder.Len()
	entries, groups := f.node.finder.Sample(count)
	a := dashboard.Addresses{Tried: tried, New: fresh, Groups: groups, Sample: []dashboard.Address{}}
	for _, e := range entries {
		a.Sample = append(a.Sample, addressOf(e))
	}
	return a, nil
}

func addressOf(e addrbook.Entry) dashboard.Address {
	a := dashboard.Address{ID: e.Peer.String(), Tried: e.Tried, Success: milli(e.Answered), Source: "peers"}
	if len(e.Addrs) > 0 {
		a.Addr = e.Addrs[0].String()
	}
	if len(e.Sources) > 0 && e.Sources[0] == addrbook.Operator {
		a.Source = "operator"
	}
	return a
}

// Own implements dashboard.Private.
func (f *Face) Own(context.Context) ([]dashboard.Own, error) {
	var all []dashboard.Own
	for _, e := range f.node.relaying.journal.List() {
		all = append(all, life(e))
	}
	return all, nil
}

// life writes an entry of the journal as steps.
func life(e journal.Entry) dashboard.Own {
	o := dashboard.Own{Txid: e.Tx.String(), State: string(e.State), Since: milli(e.Submitted)}
	step := func(at time.Time, format string, args ...any) {
		if !at.IsZero() {
			o.Steps = append(o.Steps, dashboard.Step{When: at.UnixMilli(), What: fmt.Sprintf(format, args...)})
		}
	}
	step(e.Submitted, "submitted")
	for _, at := range e.Stems {
		step(at, "handed to a peer in its stem")
	}
	step(e.Fluffed, "published by %s", e.FluffedBy)
	step(e.FirstSeen, "seen back, by now from %s", api.Count(e.Peers, "peer"))
	step(e.Mined, "mined at height %d", e.Height)
	step(e.DroppedAt, "dropped: %s", e.Why)
	return o
}

// Logs implements dashboard.Private.
func (f *Face) Logs(_ context.Context, count int) ([]dashboard.Line, error) {
	if f.node.tail == nil {
		return nil, nil
	}
	return f.node.tail.last(count), nil
}

// milli writes a time as the dashboard has it.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

var _ dashboard.Node = (*Face)(nil)
