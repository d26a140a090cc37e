package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/status"
)

// version of the program as getnetworkinfo counts it: 10,000 × major + 100 × minor + patch.
const version = 100

// backend shows the node to the API.
type backend struct {
	node *Node
}

func (n *Node) backend() api.Backend {
	b := backend{n}
	return api.Backend{
		Params:  n.params,
		Chain:   b,
		Disk:    b,
		Mempool: b,
		Own:     b,
		Miner:   b,
		Peers:   b,
		Kept:    n.keeper,
		Bans:    b,
		Known:   b,
		Limits:  b,
		Sync:    b,
		Control: b,
		Metrics: n.metrics.registry,
		View:    view{n, time.Now()},

		Tips:      b,
		Blocks:    blocks{n.chain},
		Outputs:   n.chain,
		Rules:     rules{n.chain},
		Templates: templates{n.chain},
		Pool:      pool{n.chain.Mempool()},
		Wires:     wires{n},
		Logs:      n.level,
	}
}

// Headers implements api.Chain.
func (b backend) Headers() *headertree.Tree { return b.node.chain.Headers() }

// Tips implements api.Chain.
func (b backend) Tips() []chainhash.Hash {
	branches := b.node.chain.Branches()
	hashes := make([]chainhash.Hash, len(branches))
	for i, branch := range branches {
		hashes[i] = branch.Hash
	}
	return hashes
}

// Tip implements api.Chain.
func (b backend) Tip() api.Tip {
	tip := b.node.chain.Tip()
	return api.Tip{Hash: tip.Hash, Height: tip.Height, Txs: tip.TotalTxs}
}

// HaveBlock implements api.Chain.
func (b backend) HaveBlock(hash chainhash.Hash) bool { return b.node.chain.HaveBlock(hash) }

// RawBlock implements api.Chain: the operator sees what is stored, served or not.
func (b backend) RawBlock(hash chainhash.Hash) ([]byte, error) {
	raw, err := b.node.chain.StoredBlock(hash)
	return raw, asAPI(err)
}

// Usage implements api.Disk.
func (b backend) Usage() api.Usage {
	c := b.node.chain
	bytes, err := c.SizeOnDisk()
	if err != nil {
		b.node.log.Warn("cannot read the size of the chain", "err", err)
	}
	u := api.Usage{Bytes: int64(bytes), Free: int64(c.FreeSpace()), Pruned: c.Pruning() > 0, TxIndex: b.node.cfg.TxIndex, Filters: b.node.cfg.CFIndex} // far below 2^63
	if u.Pruned {
		u.PruneHeight, u.PruneTarget = c.LowestBlock(), int64(c.Pruning()) // MiB of an int
	}
	return u
}

// Pending implements api.Mempool.
func (b backend) Pending() []api.Pending {
	entries := b.node.chain.Mempool().Entries()
	all := make([]api.Pending, len(entries))
	for i, e := range entries {
		all[i] = api.Pending{Tx: e.Tx, Fee: e.Fee, Added: e.Added, Height: e.Height}
	}
	return all
}

// FindTx implements api.Mempool.
func (b backend) FindTx(txid chainhash.Hash) ([]byte, chainhash.Hash, error) {
	raw, block, err := b.node.chain.FindTx(txid)
	if err != nil || block == nil {
		return raw, chainhash.Hash{}, asAPI(err)
	}
	return raw, *block, nil
}

// SubmitTx implements api.Mempool.
func (b backend) SubmitTx(tx *btcutil.Tx, maxFeeRate btcutil.Amount) error {
	if maxFeeRate > 0 {
		fee, size, err := b.CheckTx(tx)
		// What spends from own transactions in their stem cannot be looked at here; the
		// relay knows them.
		if err == nil && size > 0 && int64(fee)*1000/size > int64(maxFeeRate) {
			return api.ErrFeeTooHigh
		}
	}
	if b.node.chain.Mempool().Have(*tx.Hash()) {
		return api.ErrPending
	}
	return submitError(b.node.relaying.relay.Submit(context.Background(), tx)) // to the end: it is on disk or not
}

// submitError names what the API distinguishes; any other rule passes as it is.
func submitError(err error) error {
	refused, ok := errors.AsType[*txpool.RejectError](err)
	if !ok {
		return err
	}
	switch refused.Reason { //nolint:exhaustive // the rule itself says the rest
	case events.OrphanTx:
		return fmt.Errorf("%w: %w", api.ErrMissingInputs, err)
	case events.KnownTx:
		return fmt.Errorf("%w: %w", api.ErrPending, err)
	case events.MinedTx:
		return fmt.Errorf("%w: %w", api.ErrConfirmed, err)
	}
	return err
}

// Mine implements api.Miner.
func (b backend) Mine(ctx context.Context, payTo []byte, n int) ([]chainhash.Hash, error) {
	if payTo == nil {
		payTo = b.node.payTo
	}
	return b.node.chain.Mine(ctx, payTo, n)
}

// SubmitBlock implements api.Miner.
func (b backend) SubmitBlock(block *btcutil.Block) error {
	err := b.node.chain.Accept(block)
	if err == nil {
		b.node.sync.Refresh()
	}
	return err
}

// Connected implements api.Peers.
func (b backend) Connected() []api.Peer {
	var all []api.Peer
	kept := make(map[peer.ID]bool)
	for _, info := range b.node.keeper.Kept() {
		kept[info.ID] = true
	}
	for _, l := range b.node.peers.list() {
		all = append(all, b.peer(l, kept[l.id]))
	}
	return all
}

func (b backend) peer(l linked, kept bool) api.Peer {
	p := api.Peer{
		Number:       l.number,
		ID:           l.id,
		Addr:         l.conn.RemoteMultiaddr(),
		Local:        l.conn.LocalMultiaddr(),
		Inbound:      l.inbound,
		Kept:         kept,
		Kind:         l.kind,
		Origin:       l.origin,
		AS:           b.as(l.conn),
		Connected:    l.since,
		Version:      l.status.Version,
		Services:     uint64(l.status.Services),
		Agent:        l.status.Agent,
		Offset:       l.status.Time.Sub(l.since).Truncate(time.Second),
		Start:        l.status.Height,
		SyncedHeader: -1,
		SyncedBlock:  -1,
	}
	told := b.node.finder.Adverts(l.id)
	p.AddrRelay, p.AddrProcessed, p.AddrLimited = told.Takes, told.Looked, told.Limited
	p.Observed = b.node.mirror.of(l.id)
	p.Ping, p.MinPing, p.PingWait = b.node.pings.of(l.id, time.Now())
	if b.node.traffic != nil {
		f := b.node.traffic.of(l.id)
		p.BytesSent, p.BytesRcv, p.SentBy, p.RcvdBy = f.sent, f.rcvd, f.sentBy, f.rcvdBy
		p.LastSend, p.LastRecv = f.lastSend, f.lastRecv
	}
	p.LastTx = b.node.relaying.relay.LastTx(l.id)
	account, _ := b.node.gater.why(reputation.OfPeer(l.id))
	p.Points = account.Points
	if s, ok := b.node.sync.PeerProgress(l.id); ok {
		p.SyncedHeader, p.SyncedBlock, p.InFlight, p.LastBlock = s.Header, s.Block, s.InFlight, s.LastBlock
		p.Syncing = len(s.InFlight) > 0
	}
	return p
}

// as is the autonomous system that a connection comes from, 0 without a table.
func (b backend) as(c network.Conn) uint32 {
	number, _ := b.node.table.AS(netgroup.IPOf(c.RemoteMultiaddr()))
	return number
}

// Dial implements api.Peers.
func (b backend) Dial(ctx context.Context, info peer.AddrInfo) error {
	return b.node.keeper.Once(network.WithForceDirectDial(ctx, "operator"), info)
}

// Disconnect implements api.Peers.
func (b backend) Disconnect(id peer.ID) bool {
	if b.node.host.Network().Connectedness(id) != network.Connected {
		return false
	}
	b.node.finder.Shun(id)
	b.node.peers.disconnect(id, events.Requested)
	return true
}

// Network implements api.Peers.
func (b backend) Network() api.Network {
	return api.Network{
		ID:       b.node.host.ID(),
		Version:  version,
		Agent:    Agent,
		Services: uint64(b.node.services()),
		Listen:   b.node.host.Addrs(),
		Reach:    b.node.reachability(),
		RelayFee: b.node.chain.Mempool().Info(time.Now()).MinRelayFee,
		Served:   b.node.lastServed(),
	}
}

// Progress implements api.Sync.
func (b backend) Progress() api.Progress {
	p := b.node.sync.Progress()
	return api.Progress{
		Syncing: p.Syncing, Headers: p.HeaderHeight, Blocks: p.BlockHeight, Peers: p.Peers,
		BytesPerSecond: p.BytesPerSecond, ETA: p.ETA, InFlight: p.InFlight, Held: p.Held,
	}
}

// Stop implements api.Control.
func (b backend) Stop() { b.node.Stop() }

// asAPI translates what the API tells apart.
func asAPI(err error) error {
	if errors.Is(err, chain.ErrNotFound) {
		return fmt.Errorf("%w: %w", api.ErrNotFound, err)
	}
	return err
}

// services are what the status says we offer.
func (n *Node) services() status.Services {
	if n.chain.Pruning() > 0 {
		return 0 // not the whole chain: nobody should ask us for all of it
	}
	return status.Full
}
