package devnet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"github.com/pappus-network/pappus/node"
)

const (
	// cacheBytes is a node's cache of unspent outputs: its chain has few, and half of the
	// cache is taken at once. 100 nodes with the ordinary one would take 3 GB.
	cacheBytes = 1 << 20
	// mempoolMiB is the least that a node takes.
	mempoolMiB = 5
	// dialTimeout is how long a link within this machine may take to open, when both
	// cores are busy with a hundred handshakes.
	dialTimeout = 20 * time.Second
)

// member is one node of the network and what belongs to it. A member that was killed keeps
// its folder and its key, and may be started again.
type member struct {
	name   string
	number int // counts members from 0 on; the simulator's estimators call nodes so
	dir    string
	key    *key

	mu   sync.Mutex
	run  *running // nil = it does not run
	id   peer.ID  // known from the first start on
	note string   // why it does not run, if nobody wanted that
}

// running is a node that runs.
type running struct {
	node *node.Node
	stop context.CancelFunc
	done chan struct{} // closed when it has ended
}

// live returns the member's node, if it runs.
func (m *member) live() (*node.Node, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, false
	}
	return m.run.node, true
}

// peer returns the member's peer id, empty before its first start.
func (m *member) peer() peer.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}

// config is that of the member's node: what a user would run on a private network, with
// caches for a short chain.
func (m *member) config(c Config) node.Config {
	cfg := node.DefaultConfig()
	cfg.Network, cfg.DataDir = Network, m.dir
	cfg.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	cfg.Outbound, cfg.Embargo = c.outbound(), c.Embargo
	cfg.CacheBytes, cfg.MempoolMiB = cacheBytes, mempoolMiB
	cfg.MineTo = m.key.address
	cfg.API = "off"
	if c.NodeAPIs {
		cfg.API = "127.0.0.1:0"
	}
	return cfg
}

// start runs the member's node and returns when it listens. The node ends with ctx, and
// ended is called when it has.
func (m *member) start(ctx context.Context, c Config, log *slog.Logger, ended func(error)) (*node.Node, error) {
	n, err := node.New(ctx, m.config(c), log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", m.name, err)
	}
	own, stop := context.WithCancel(ctx)
	r := &running{node: n, stop: stop, done: make(chan struct{})}
	failed := make(chan error, 1)
	go func() { // ends with own
		err := n.Run(own)
		m.mu.Lock()
		if m.run == r {
			m.run = nil
		}
		m.mu.Unlock()
		stop()
		close(r.done)
		failed <- err
		ended(err)
	}()
	select {
	case err := <-failed:
		return nil, errors.Join(fmt.Errorf("start %s", m.name), err, ctx.Err())
	case <-n.Ready():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.note = n.Host().ID(), ""
	select {
	case <-r.done: // already
	default:
		m.run = r
	}
	return n, nil
}

// stop ends the member's node as Ctrl-C does, and returns when it has ended. False: it does
// not run.
func (m *member) stop() bool {
	m.mu.Lock()
	r := m.run
	m.run = nil
	m.mu.Unlock()
	if r == nil {
		return false
	}
	r.stop()
	<-r.done
	return true
}

// kill ends the member's node without a word to its peers: all links are cut first. Its
// databases are closed in order, as they share a process with others.
func (m *member) kill() bool {
	m.mu.Lock()
	r := m.run
	m.run = nil
	m.mu.Unlock()
	if r == nil {
		return false
	}
	_ = r.node.Host().Close() // closed again, to no effect, when the node ends
	r.stop()
	<-r.done
	return true
}

// erase deletes the member's folder.
func (m *member) erase() error { return os.RemoveAll(m.dir) }

// dial opens a link to another member.
func dial(ctx context.Context, from, to host.Host) error {
	ctx, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "devnet"), dialTimeout)
	defer cancel()
	// While the network was parted dials have failed; that is over.
	if s, ok := from.Network().(interface{ Backoff() *swarm.DialBackoff }); ok {
		s.Backoff().Clear(to.ID())
	}
	return from.Connect(ctx, peer.AddrInfo{ID: to.ID(), Addrs: to.Network().ListenAddresses()})
}

func folder(dir, name string) string { return filepath.Join(dir, name) }
