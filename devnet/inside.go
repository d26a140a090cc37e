package devnet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/node"
)

// dialTimeout is how long a link within this machine may take to open, when both
// cores are busy with a hundred handshakes.
const dialTimeout = 20 * time.Second

// inside is a node in this process.
type inside struct {
	*node.Face
	node *node.Node
	done <-chan struct{} // closed when it has ended
}

// runInside starts a member's node in this process and returns when it listens. The node
// ends with ctx.
func runInside(ctx context.Context, m *member, c Config, log *slog.Logger) (*running, error) {
	n, err := node.New(ctx, m.config(c), log)
	if err != nil {
		return nil, err
	}
	own, stop := context.WithCancel(ctx)
	r := &running{stop: stop, done: make(chan struct{})}
	go func() { // ends with own
		defer close(r.done)
		defer stop()
		r.err = n.Run(own)
	}()
	select {
	case <-r.done:
		return nil, errors.Join(r.err, ctx.Err())
	case <-n.Ready():
	}
	r.engine = inside{n.Face(), n, r.done}
	// All links are cut first. The databases are closed in order: they share a process
	// with others.
	r.kill = func() {
		_ = n.Host().Close() // closed again, to no effect, when the node ends
		stop()
	}
	return r, nil
}

// Addr implements linker.
func (i inside) Addr() peer.AddrInfo {
	return peer.AddrInfo{ID: i.node.Host().ID(), Addrs: i.node.Host().Network().ListenAddresses()}
}

// Linked implements linker.
func (i inside) Linked(context.Context) (map[peer.ID]bool, error) {
	all := make(map[peer.ID]bool)
	for _, p := range i.node.Host().Network().Peers() {
		all[p] = true
	}
	return all, nil
}

// Dial implements linker.
func (i inside) Dial(ctx context.Context, to peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "devnet"), dialTimeout)
	defer cancel()
	// While the network was parted dials have failed; that is over.
	discovery.ClearBackoff(i.node.Host(), to.ID)
	return i.node.Host().Connect(ctx, to)
}

// Refuse implements linker.
func (i inside) Refuse(_ context.Context, peers map[peer.ID]bool) error {
	if len(peers) == 0 {
		i.node.Refuse(nil)
	} else {
		i.node.Refuse(func(p peer.ID) bool { return peers[p] })
	}
	return nil
}

// Tip implements ledger.
func (i inside) Tip(context.Context) (tip, error) {
	at, p := i.node.Chain().Tip(), i.node.Progress()
	return tip{at.Hash, at.Height, p.Syncing && p.Peers > 0}, nil
}

// Block implements ledger.
func (i inside) Block(_ context.Context, hash chainhash.Hash) (*btcutil.Block, error) {
	raw, err := i.node.Chain().StoredBlock(hash)
	if err != nil {
		return nil, err
	}
	return btcutil.NewBlockFromBytes(raw)
}

// Mine implements ledger.
func (i inside) Mine(ctx context.Context, to *key, count int) ([]chainhash.Hash, error) {
	return i.node.Chain().Mine(ctx, to.script, count)
}

// Settle implements ledger.
func (i inside) Settle(ctx context.Context, to *key, tx *btcutil.Tx) (chainhash.Hash, error) {
	b, err := i.node.Chain().MineTxs(ctx, to.script, []*btcutil.Tx{tx})
	if err != nil {
		return chainhash.Hash{}, err
	}
	if err := i.node.Chain().Accept(b); err != nil {
		return chainhash.Hash{}, fmt.Errorf("accept the block: %w", err)
	}
	return *b.Hash(), nil
}

// Submit implements ledger.
func (i inside) Submit(ctx context.Context, tx *btcutil.Tx) error { return i.node.Submit(ctx, tx) }

// Picture implements engine.
func (i inside) Picture(ctx context.Context) (dashboard.Dot, []dashboard.Edge, error) {
	dot := i.Dot()
	peers, err := i.Peers(ctx)
	if err != nil {
		return dot, nil, err
	}
	to, _ := i.Stems()
	stems := make(map[string]bool)
	for _, p := range to {
		stems[p.String()] = true
	}
	var links []dashboard.Edge
	for _, p := range peers {
		if !p.Inbound {
			links = append(links, dashboard.Edge{From: dot.ID, To: p.ID, Kind: p.Kind, Since: p.Since, Stem: stems[p.ID]})
		}
	}
	return dot, links, nil
}

// State is the face's, with what only a network that is studied tells.
func (i inside) State(ctx context.Context) (dashboard.State, error) {
	s, err := i.Face.State(ctx)
	_, s.Mempool.StemCount = i.Stems()
	return s, err
}

// Follow implements engine.
func (i inside) Follow(ctx context.Context, begun func(), tell func(time.Time, events.Event)) error {
	sub := i.node.Bus().Subscribe()
	defer sub.Close()
	begun()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-i.done:
			return nil
		case e := <-sub.C:
			tell(time.Now(), e)
		}
	}
}

var _ engine = inside{}
