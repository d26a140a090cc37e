package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/workers"
)

const (
	// firstRedial and lastRedial bound the pause between two attempts, which
	// doubles while they fail. An attempt costs ~3 ms of CPU on either side.
	firstRedial = time.Second
	lastRedial  = time.Minute
	// steady is how long a link must last for the pause to start over: a peer
	// that accepts and refuses us is not dialled in a tight loop.
	steady = time.Minute
)

var errKept = errors.New("peer is kept already")

// keeper holds links to the peers that the operator named, one goroutine a
// peer, until they are removed or Run's context ends.
type keeper struct {
	host   host.Host
	log    *slog.Logger
	admits func(peer.ID) bool // nil = everybody

	workers *workers.Set

	mu    sync.Mutex
	links map[peer.ID]*link
	once  map[peer.ID]bool // dialled by the operator's word, and not kept
}

// link is one kept peer.
type link struct {
	info peer.AddrInfo
	from events.Source
	down chan struct{} // a connection to the peer has ended
}

func newKeeper(h host.Host, log *slog.Logger, first named) *keeper {
	k := &keeper{host: h, log: log, workers: workers.New(), links: make(map[peer.ID]*link), once: make(map[peer.ID]bool)}
	for _, info := range first.connect {
		k.begin(info, events.FromConnect)
	}
	for _, info := range first.added {
		if k.links[info.ID] == nil {
			k.begin(info, events.FromAddNode)
		}
	}
	return k
}

// begin keeps a link from now on, under mu.
func (k *keeper) begin(info peer.AddrInfo, from events.Source) {
	l := &link{info: info, from: from, down: make(chan struct{}, 1)}
	k.links[info.ID] = l
	k.workers.Start(info.ID, func(ctx context.Context) { k.keep(ctx, l) })
}

// Run dials until ctx ends and returns when no attempt is under way.
func (k *keeper) Run(ctx context.Context) error {
	k.host.Network().Notify(k)
	defer k.host.Network().StopNotify(k)
	return k.workers.Run(ctx)
}

// Add keeps a link to one more peer.
func (k *keeper) Add(info peer.AddrInfo) error {
	if info.ID == k.host.ID() {
		return fmt.Errorf("%s is this node itself", info.ID)
	}
	if k.admits != nil && !k.admits(info.ID) {
		return fmt.Errorf("%s: %w", info.ID, errNotAllowed)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.links[info.ID]; ok {
		return errKept
	}
	k.begin(info, events.FromOperator)
	return nil
}

// Remove lets a peer go, and says whether it was kept. The connection stays.
func (k *keeper) Remove(p peer.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.links[p]; !ok {
		return false
	}
	delete(k.links, p)
	k.workers.Stop(p)
	k.host.ConnManager().Unprotect(p, "kept")
	return true
}

// keeps says whether a peer is kept.
func (k *keeper) keeps(p peer.ID) bool {
	_, kept := k.source(p)
	return kept
}

// source says how the operator has named a peer that is kept.
func (k *keeper) source(p peer.ID) (from events.Source, kept bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l, ok := k.links[p]
	if !ok {
		return "", false
	}
	return l.from, true
}

// Kept returns the peers kept, in the order of their ids.
func (k *keeper) Kept() []peer.AddrInfo {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]peer.AddrInfo, 0, len(k.links))
	for _, l := range k.links {
		all = append(all, l.info)
	}
	slices.SortFunc(all, func(a, b peer.AddrInfo) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	return all
}

// keep dials one peer whenever there is no connection to it.
func (k *keeper) keep(ctx context.Context, l *link) {
	k.host.ConnManager().Protect(l.info.ID, "kept")
	k.host.Peerstore().AddAddrs(l.info.ID, l.info.Addrs, peerstore.PermanentAddrTTL)
	pause := firstRedial
	for ctx.Err() == nil {
		since := time.Now()
		err := dialNow(ctx, k.host, l.info)
		if err == nil {
			k.awaitDown(ctx, l)
		} else if ctx.Err() == nil {
			k.log.Info("cannot reach peer", "peer", l.info.ID, "again_in", pause, "err", err)
		}
		if time.Since(since) >= steady {
			pause = firstRedial
		}
		// Half a pause of jitter: two nodes that lost each other do not dial
		// in step for ever.
		wait := time.NewTimer(pause + rand.N(pause/2))
		select {
		case <-ctx.Done():
			wait.Stop()
		case <-wait.C:
		}
		pause = min(2*pause, lastRedial)
	}
}

// Once dials a peer and does not keep it.
func (k *keeper) Once(ctx context.Context, info peer.AddrInfo) error {
	k.mu.Lock()
	k.once[info.ID] = true
	k.mu.Unlock()
	err := dialNow(ctx, k.host, info)
	if err != nil {
		k.mu.Lock()
		delete(k.once, info.ID)
		k.mu.Unlock()
	}
	return err
}

// dialledOnce says whether the operator had a peer dialled that is not kept.
func (k *keeper) dialledOnce(p peer.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.once[p]
}

// awaitDown returns when there is no connection to the peer any more.
func (k *keeper) awaitDown(ctx context.Context, l *link) {
	for k.host.Network().Connectedness(l.info.ID) == network.Connected {
		select {
		case <-ctx.Done():
			return
		case <-l.down:
		}
	}
}

// Disconnected implements network.Notifiee.
func (k *keeper) Disconnected(n network.Network, c network.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n.Connectedness(c.RemotePeer()) != network.Connected {
		delete(k.once, c.RemotePeer())
	}
	if l, ok := k.links[c.RemotePeer()]; ok {
		select {
		case l.down <- struct{}{}:
		default:
		}
	}
}

// Connected, Listen and ListenClose complete network.Notifiee.
func (k *keeper) Connected(network.Network, network.Conn)          {}
func (k *keeper) Listen(network.Network, multiaddr.Multiaddr)      {}
func (k *keeper) ListenClose(network.Network, multiaddr.Multiaddr) {}
