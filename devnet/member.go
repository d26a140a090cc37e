package devnet

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/node"
)

const (
	// cacheBytes is a node's cache of unspent outputs: its chain has few, and half of the
	// cache is taken at once. 100 nodes with the ordinary one would take 3 GB.
	cacheBytes = 1 << 20
	// mempoolMiB is the least that a node takes.
	mempoolMiB = 5
)

// member is one node of the network and what belongs to it. A member that was killed keeps
// its folder and its key, and may be started again.
type member struct {
	name   string
	number int // counts members from 0 on; the simulator's estimators call nodes so
	dir    string
	key    *key

	mu  sync.Mutex
	run *running // nil = it does not run
	id  peer.ID  // known from the first start on
}

// running is a node that runs.
type running struct {
	engine
	stop func()        // begins to end it as Ctrl-C does
	kill func()        // begins to end it without a word to its peers
	done chan struct{} // closed when it has ended
	err  error         // why; valid once done is closed
}

// ended says whether the node has.
func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// alive is a member that runs, or did a moment ago.
type alive struct {
	*member
	engine
	done <-chan struct{}
}

// live returns the member as it runs, if it does.
func (m *member) live() (alive, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return alive{}, false
	}
	return alive{m, m.run.engine, m.run.done}, true
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

// start runs the member's node and returns when it listens. The node ends with ctx;
// ended is called when it has though nobody asked the member for that.
func (m *member) start(ctx context.Context, c Config, log *slog.Logger, ended func(error)) (alive, error) {
	r, err := m.launch(ctx, c, log)
	if err != nil {
		return alive{}, fmt.Errorf("start %s: %w", m.name, err)
	}
	m.mu.Lock()
	m.id, m.run = r.Addr().ID, r
	m.mu.Unlock()
	go func() { // ends with the node
		<-r.done
		m.mu.Lock()
		asked := m.run != r
		if !asked {
			m.run = nil
		}
		m.mu.Unlock()
		if !asked {
			ended(r.err)
		}
	}()
	return alive{m, r.engine, r.done}, nil
}

func (m *member) launch(ctx context.Context, c Config, log *slog.Logger) (*running, error) {
	if c.Program != "" {
		return runProcess(ctx, m, c)
	}
	return runInside(ctx, m, c, log)
}

// stop ends the member's node as Ctrl-C does, and returns when it has ended. False: it does
// not run.
func (m *member) stop() bool { return m.end(func(r *running) { r.stop() }) }

// kill ends the member's node without a word to its peers.
func (m *member) kill() bool { return m.end(func(r *running) { r.kill() }) }

func (m *member) end(how func(*running)) bool {
	m.mu.Lock()
	r := m.run
	m.run = nil
	m.mu.Unlock()
	if r == nil {
		return false
	}
	how(r)
	<-r.done
	return true
}

// erase deletes the member's folder.
func (m *member) erase() error { return os.RemoveAll(m.dir) }

func folder(dir, name string) string { return filepath.Join(dir, name) }
