package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/blocksync"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/discovery/dnsseed"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/inventory"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/protocols/stem"
	"github.com/pappus-network/pappus/store"
)

// Assemble builds a node from parts that somebody else has opened and closes.
// Of the configuration it does not use what the parts replace: folder, listen
// addresses, API.
func Assemble(cfg Config, parts Parts, log *slog.Logger) (*Node, error) {
	params := parts.Chain.Params()
	script, err := payScript(cfg.MineTo, params)
	if err != nil {
		return nil, err
	}
	called, err := namedBy(cfg)
	if err != nil {
		return nil, err
	}
	work, err := parseWork(cfg.MinChainWork)
	if err != nil {
		return nil, err
	}
	if parts.Metrics == nil {
		parts.Metrics = NewMetrics()
	}
	if parts.Store == nil {
		parts.Store = store.OpenMemory()
	}
	if parts.Names == nil {
		if parts.Names, err = dnsseed.System(cfg.DNSServer); err != nil {
			return nil, err
		}
	}
	table, err := readTable(cfg.ASMap)
	if err != nil {
		return nil, err
	}
	if table != nil {
		log.Info("netgroups are autonomous systems", "asmap", cfg.ASMap, "prefixes", table.Routes())
	}
	if parts.gater == nil {
		ledger := reputation.New(reputation.DefaultConfig(), idsOf(called.all()))
		parts.gater = newGater(time.Now, ledger) // bans end links; the host's own gater, if any, refuses new ones
	}
	n := &Node{
		cfg: cfg, params: params, log: log, payTo: script,
		host: parts.Host, chain: parts.Chain, store: parts.Store, src: parts.Src, secret: fork(parts.Src),
		metrics: parts.Metrics, traffic: parts.Traffic, names: parts.Names, gater: parts.gater, table: table,
		bus: NewBus(), ledger: status.NewLedger(), nonce: parts.Src.Uint64(),
		ready: make(chan struct{}), quit: make(chan struct{}), level: new(slog.LevelVar),
	}
	n.face = newFace(n)
	n.keeper = newKeeper(n.host, log, called)
	n.keeper.admits = n.gater.admits
	n.announce = announce.New(n.host, params)
	settings := blocksync.DefaultConfig()
	settings.MinChainWork = work
	asker := blocksync.Peers{Headers: headers.NewClient(n.host, params), Blocks: objects.NewClient(n.host, params)}
	n.sync = blocksync.New(settings, params, n.chain, asker, asker, n.charge, n.bus.Emit, log, fork(parts.Src))
	n.peers = newPeers(n.host, n.ledger, n.bus.Emit)
	n.peers.charge, n.peers.role = n.charge, n.role
	n.peers.handshake = status.New(params, n, n.ledger, n.peers.accept)
	n.peers.traffic = n.traffic
	n.pings = newPings(n.host)
	n.peers.followers = []follower{syncFollower{n.sync}, announceFollower{n.announce}, n.pings}
	n.doorman = newDoorman(n, cfg.limits(), fork(parts.Src))
	n.peers.hops = cfg.relayIDs()
	n.peers.entered, n.peers.forget = n.doorman.entered, n.mirror.forget
	if parts.entrance != nil {
		parts.entrance.door.Store(n.doorman)
	}
	n.chain.Subscribe(n.chainEvent)
	n.gauges()
	return n, nil
}

// fork draws the seed of a source for another owner: a source is not safe for two
// goroutines. 256 bits of seed, so that what one gives tells nothing of another.
func fork(src rand.Source) rand.Source {
	var seed [32]byte
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], src.Uint64())
	}
	return rand.NewChaCha8(seed)
}

// chainEvent passes on what the chain did. It is called while the next block
// waits.
func (n *Node) chainEvent(e events.Event) {
	n.bus.Emit(e)
}

// bulkLimits are those of objects, whose answers are megabytes and may be taken at
// 64 KiB/s: they have turns of their own, so that those who download slowly keep
// nobody from announcing or asking for headers, and two a peer, for blocks and for
// transactions, so that it takes 32 peers to hold all.
func bulkLimits() exchange.Limits { return exchange.Limits{PerPeer: 2, Total: 64} }

// serve registers every protocol with the host. Each ends with ctx.
func (n *Node) serve(ctx context.Context) {
	server := exchange.NewServer(n.ledger, exchange.DefaultLimits(), n.served)
	bulk := exchange.NewServer(n.ledger, bulkLimits(), n.served)
	register := func(spec exchange.Spec, handle exchange.Handler) {
		n.host.SetStreamHandler(spec.ID, server.Handler(ctx, spec, handle))
	}
	register(n.peers.handshake.Spec(), n.peers.handshake.Handle)
	register(headers.Spec(n.params), headers.NewServer(n.chain).Handle)
	register(inventory.Spec(n.params), inventory.NewServer(source{n}).Handle)
	n.host.SetStreamHandler(objects.Spec(n.params).ID, bulk.Handler(ctx, objects.Spec(n.params), objects.NewServer(source{n}).Handle))
	register(addresses.Spec(n.params), n.addressesAsked)
	register(announce.Spec(n.params), announce.NewServer(n.params, listener{n}).Handle)
	register(stem.Spec(n.params), stem.NewServer(n.relaying.relay).Handle)
}

// served is told of every request that a peer put to us.
func (n *Node) served(o exchange.Outcome) {
	n.metrics.served(o)
	if o.Err == nil && o.Protocol == objects.Spec(n.params).ID {
		n.answered.Store(time.Now().UnixNano())
	}
	n.charge(o.Peer, o.Err)
}

// lastServed is when a peer was last answered about blocks or transactions.
func (n *Node) lastServed() time.Time {
	if at := n.answered.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Status says what we are at the moment; it is what handshakes send.
func (n *Node) Status() status.Status {
	tip := n.chain.Tip()
	s := status.Status{
		Version: status.Version, Services: n.services(), Genesis: *n.params.GenesisHash,
		Height: tip.Height, Best: tip.Hash, Time: time.Now(), Nonce: n.nonce, Agent: Agent,
	}
	if e, ok := n.chain.Headers().Lookup(tip.Hash); ok {
		s.Work = e.Work
	}
	return s
}

// source serves stored objects under the name that the protocol has for what is
// not there.
type source struct{ node *Node }

// RawBlock implements objects.Source.
func (s source) RawBlock(hash chainhash.Hash) ([]byte, error) {
	raw, err := s.node.chain.RawBlock(hash)
	return raw, asObject(err)
}

// RawTx implements objects.Source.
func (s source) RawTx(from peer.ID, hash chainhash.Hash) ([]byte, error) {
	if s.node.chain.Mempool().Have(hash) && (s.node.blocksOnly(from) || !s.node.relaying.relay.Serves(from, hash)) {
		return nil, objects.ErrNotFound
	}
	raw, err := s.node.chain.RawTx(hash)
	return raw, asObject(err)
}

// BlocksAfter implements inventory.Source.
func (s source) BlocksAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []chainhash.Hash {
	return s.node.chain.BlocksAfter(locator, stop, most)
}

// MempoolHashes implements inventory.Source.
func (s source) MempoolHashes(from peer.ID, most int) []chainhash.Hash {
	if s.node.blocksOnly(from) {
		return nil
	}
	return s.node.chain.Mempool().Hashes(most, func(tx chainhash.Hash) bool { return s.node.relaying.relay.Serves(from, tx) })
}

// listener takes what peers announce.
type listener struct{ node *Node }

// Announced implements announce.Sink.
func (l listener) Announced(from peer.ID, hs []wire.BlockHeader) { l.node.sync.Announced(from, hs) }

// Inventory implements announce.Sink.
func (l listener) Inventory(from peer.ID, txs []chainhash.Hash) {
	if !l.node.sync.Progress().Syncing && l.node.peers.relays(from) { // what waits for a block cannot be judged before the chain is here
		l.node.relaying.relay.Inventory(from, txs)
	}
}

// Addresses implements announce.Sink.
func (l listener) Addresses(from peer.ID, entries []addrlist.Entry) {
	l.node.finder.Heard(from, entries)
}

func asObject(err error) error {
	if errors.Is(err, chain.ErrNotFound) {
		return fmt.Errorf("%w: %w", objects.ErrNotFound, err)
	}
	return err
}

// syncFollower tells blocksync of peers.
type syncFollower struct{ sync *blocksync.Sync }

func (f syncFollower) Join(p linked) {
	if p.kind == events.Feeler {
		return // it goes at once
	}
	f.sync.Join(p.id, p.status.Best, p.status.Height, p.status.Services&status.Full != 0)
}
func (f syncFollower) Leave(p peer.ID) { f.sync.Leave(p) }

// announceFollower tells the announcer of peers.
type announceFollower struct{ announcer *announce.Announcer }

func (f announceFollower) Join(p linked) {
	if p.kind != events.Feeler {
		f.announcer.Join(p.id)
	}
}
func (f announceFollower) Leave(p peer.ID) { f.announcer.Leave(p) }

var (
	_ status.Local  = (*Node)(nil)
	_ announce.Sink = listener{}
)
