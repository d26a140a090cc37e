package node

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/blocksync"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/discovery/dnsseed"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/store"
)

// recoverLine is how often recovery after a crash says how far it is.
const recoverLine = 5 * time.Second

// errStop ends Run when the API asks for it.
var errStop = errors.New("asked to stop")

// Parts are what a node stands on and what a simulation replaces: a host that
// has no sockets, a store in memory. Src feeds every choice, secret ones included: it
// must be unpredictable but in a simulation.
type Parts struct {
	Host    host.Host
	Chain   *chain.Chain
	Store   *store.Store // nil = in memory
	Src     rand.Source
	Metrics *Metrics
	Traffic *Traffic         // nil = bytes per peer are not counted
	Names   dnsseed.Resolver // for seeds; nil = as the configuration says
	gater   *gater

	entrance *entrance // of Host; nil = nobody is turned away before a handshake
}

// Node is one node. [New] or [Assemble] builds it and Run runs it, once.
type Node struct {
	cfg     Config
	params  *chaincfg.Params
	log     *slog.Logger
	host    host.Host
	chain   *chain.Chain
	store   *store.Store
	src     rand.Source
	secret  rand.Source // the relay's
	metrics *Metrics
	traffic *Traffic
	names   dnsseed.Resolver
	gater   *gater
	payTo   []byte
	level   *slog.LevelVar // of log

	answered   atomic.Int64 // when a peer was last sent objects, in Unix nanoseconds
	savingBans sync.Mutex

	bus       *Bus
	ledger    *status.Ledger
	peers     *peers
	pings     *pings
	doorman   *doorman
	mirror    mirror
	keeper    *keeper
	sync      *blocksync.Sync
	announce  *announce.Announcer
	relaying  *relaying // set by Run, and so are
	finder    *discovery.Finder
	addresses *addresses.Server
	nonce     uint64

	face    *Face
	tail    *tail   // of the log; nil = none is kept
	opened  *opened // nil: the parts belong to somebody else
	ready   chan struct{}
	quit    chan struct{}
	quitted sync.Once
}

// New opens what the configuration names: the folder's lock, the databases, the
// identity. Nothing runs yet. Run closes it all again, as does [Node.Close] for
// a node that never ran.
func New(ctx context.Context, cfg Config, log *slog.Logger) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	last := newTail(log.Handler())
	log = slog.New(last)
	o, parts, err := open(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	n, err := Assemble(cfg, parts, log)
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	n.opened, n.tail = o, last
	return n, nil
}

// Ready is closed once the node listens and its files are written.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// Host is the node's libp2p host.
func (n *Node) Host() host.Host { return n.host }

// Chain is the node's chain.
func (n *Node) Chain() *chain.Chain { return n.chain }

// Bus carries what happens in the node.
func (n *Node) Bus() *Bus { return n.bus }

// ControlLevel lets the API read and set how much the node's logger says, of which level
// is the handler's. It is called before Run.
func (n *Node) ControlLevel(level *slog.LevelVar) { n.level = level }

// Submit makes a transaction of the operator's own travel. It may be called once the
// node is ready. For the error see [relay.Relay.Submit].
func (n *Node) Submit(ctx context.Context, tx *btcutil.Tx) error {
	return n.relaying.relay.Submit(ctx, tx)
}

// Abort takes back a transaction of the operator's own that is in its stem, and says
// whether it was. It may be called once the node is ready.
func (n *Node) Abort(tx chainhash.Hash) bool { return n.relaying.relay.Abort(tx) }

// Own returns the life of a transaction of the operator's own. It may be called once
// the node is ready.
func (n *Node) Own(tx chainhash.Hash) (journal.Entry, bool) { return n.relaying.journal.Entry(tx) }

// Progress returns how far the node has come.
func (n *Node) Progress() blocksync.Progress { return n.sync.Progress() }

// Refuse keeps peers out for as long as a function says so, which is called at any time:
// links with them end, and none is opened. nil lets everybody in again. It is how a
// devnet is parted.
func (n *Node) Refuse(refuse func(peer.ID) bool) {
	if refuse == nil {
		n.gater.refuse.Store(nil)
		return
	}
	n.gater.refuse.Store(&refuse)
	for _, p := range n.host.Network().Peers() {
		if refuse(p) {
			n.peers.disconnect(p, events.Requested)
		}
	}
}

// Addrs returns the addresses the node is reached at, each with its peer id.
func (n *Node) Addrs() []multiaddr.Multiaddr {
	addrs, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: n.host.ID(), Addrs: listening(n.host)})
	if err != nil {
		return nil // only for an address that has a peer id already
	}
	return addrs
}

// Stop makes Run end as if its context had.
func (n *Node) Stop() { n.quitted.Do(func() { close(n.quit) }) }

// Close releases what New opened, for a node that is not run.
func (n *Node) Close() error {
	if n.opened == nil {
		return nil
	}
	return n.opened.close()
}

// Run runs the node until ctx ends, Stop is called or something breaks, and
// returns when everything that it started has ended and is closed.
func (n *Node) Run(ctx context.Context) error {
	err := n.run(ctx)
	if errors.Is(err, errStop) || (ctx.Err() != nil && errors.Is(err, context.Canceled)) {
		err = nil
	}
	n.log.Info("stopping")
	return errors.Join(err, n.Close())
}

func (n *Node) run(ctx context.Context) error {
	if err := n.recover(ctx); err != nil {
		return err
	}
	if err := n.openRelay(ctx); err != nil {
		return err
	}
	if err := n.openFinder(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.awaitQuit(ctx) })
	lines := newLogbook(n.log, n.bus, time.Now)
	group.Go(func() error { return lines.Run(ctx) })
	counted := n.bus.Subscribe()
	group.Go(func() error { return n.metrics.follow(ctx, counted) })
	tips := n.bus.Subscribe()
	group.Go(func() error { return n.announceTips(ctx, tips) })
	n.serve(ctx)
	n.relaying.run(ctx, n, group)
	group.Go(func() error { return n.announce.Run(ctx) })
	group.Go(func() error { return n.sync.Run(ctx) })
	group.Go(func() error { return n.peers.Run(ctx) })
	group.Go(func() error { return n.pings.Run(ctx) })
	group.Go(func() error { return n.doorman.Run(ctx) })
	group.Go(func() error { return n.see(ctx) })
	if n.opened != nil {
		if err := n.expose(ctx, group); err != nil {
			n.Stop()
			return errors.Join(err, ignoreStop(group.Wait()))
		}
	}
	group.Go(func() error { return n.keeper.Run(ctx) })
	group.Go(func() error { return n.rotate(ctx) })
	n.find(ctx, group)
	group.Go(func() error { return n.keepBans(ctx) })
	if n.cfg.Mine {
		group.Go(func() error { return n.miner().Run(ctx) })
	}
	close(n.ready)
	n.log.InfoContext(ctx, "node is ready", "network", n.params.Name, "peer_id", n.host.ID(), "height", n.chain.Tip().Height)
	return group.Wait()
}

func ignoreStop(err error) error {
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

func (n *Node) awaitQuit(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.quit:
		return errStop
	}
}

// expose opens the node to the outside: its addresses, its API, its files.
func (n *Node) expose(ctx context.Context, group *errgroup.Group) error {
	if err := listen(ctx, n.host, n.cfg); err != nil {
		return err
	}
	for _, a := range n.Addrs() {
		n.log.InfoContext(ctx, "listening", "addr", a)
	}
	if n.cfg.API != "off" {
		backend, happened := n.backend(), n.bus.Subscribe()
		backend.Feed = dashboard.NewFeed(time.Now())
		group.Go(func() error { return n.tell(ctx, happened, backend.Feed) })
		server, err := api.New(n.cfg.api(), backend, n.log)
		if err != nil {
			return err
		}
		group.Go(func() error { return server.Run(ctx) })
		select {
		case <-ctx.Done():
			return nil // the group knows why
		case <-server.Ready():
		}
		if err := writeAPI(n.cfg.Dir(), server.Addr().String()); err != nil {
			return err
		}
	}
	return writeAddrs(n.cfg.Dir(), n.Addrs())
}

// recover takes back the blocks that a killed process had stored.
func (n *Node) recover(ctx context.Context) error {
	last := time.Now()
	count, err := n.chain.Recover(ctx, func(done, total int) {
		if now := time.Now(); now.Sub(last) >= recoverLine {
			last = now
			n.log.InfoContext(ctx, "taking back stored blocks after a crash", "done", done, "of", total)
		}
	})
	if err != nil {
		return err
	}
	if count > 0 {
		n.log.InfoContext(ctx, "took back stored blocks after a crash", "blocks", count, "height", n.chain.Tip().Height)
	}
	return nil
}

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

func (n *Node) miner() *miner {
	return &miner{
		mine:   n.chain.Mine,
		ready:  n.mayMine,
		script: n.payTo,
		every:  n.cfg.MineEvery,
		src:    rand.New(n.src), // when to mine is no secret
		log:    n.log,
	}
}

// mayMine is false while there is, or may be, a longer chain to fetch first.
func (n *Node) mayMine() bool {
	if up, _ := n.peers.count(); up == 0 {
		return len(n.cfg.Connect)+len(n.cfg.AddNode) == 0
	}
	return !n.sync.Progress().Syncing
}

// mustConnect returns the peers that the operator named.
func mustConnect(cfg Config) ([]peer.AddrInfo, error) {
	connect, err := parsePeers("connect", cfg.Connect)
	if err != nil {
		return nil, err
	}
	added, err := parsePeers("addnode", cfg.AddNode)
	if err != nil {
		return nil, err
	}
	return append(connect, added...), nil
}

// listening returns the host's addresses with unspecified ones made concrete.
func listening(h host.Host) []multiaddr.Multiaddr {
	addrs, err := h.Network().InterfaceListenAddresses()
	if err != nil {
		return h.Addrs()
	}
	return addrs
}
