package node

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/blocksync"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/discovery/dnsseed"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/store"
)

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
	table   *netgroup.Table // by which addresses are grouped; nil = by prefix
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
