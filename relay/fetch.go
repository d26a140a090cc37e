package relay

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/workers"
	"github.com/pappus-network/pappus/relay/ask"
)

// fetcher asks for transactions that peers have announced, one stream and one
// goroutine a peer. Whom to ask is the tracker's choice.
type fetcher struct {
	objects *objects.Client
	take    func(from peer.ID, tx *btcutil.Tx) error
	charge  func(peer.ID, error)
	wake    chan struct{} // the tracker has news
	workers *workers.Set

	mu      sync.Mutex
	tracker *ask.Tracker
	askers  map[peer.ID]*asker
}

// asker asks one peer.
type asker struct {
	news chan struct{} // due is not empty
	due  []chainhash.Hash
}

func newFetcher(cfg ask.Config, client *objects.Client, take func(peer.ID, *btcutil.Tx) error, charge func(peer.ID, error), src rand.Source) *fetcher {
	return &fetcher{
		objects: client, take: take, charge: charge, wake: make(chan struct{}, 1), workers: workers.New(),
		tracker: ask.New(cfg, src), askers: make(map[peer.ID]*asker),
	}
}

// Run asks until ctx ends, and returns when nobody is being asked.
func (f *fetcher) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return f.workers.Run(ctx) })
	group.Go(func() error { return alarm(ctx, f.wake, f.ring) })
	return group.Wait()
}

// ring passes on what the tracker wants asked.
func (f *fetcher) ring(now time.Time) (next time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.tracker.Tick(now) {
		a := f.askers[r.Peer]
		a.due = append(a.due, r.Txs...)
		nudge(a.news)
	}
	return f.tracker.Next()
}

// Join adds a peer.
func (f *fetcher) Join(p peer.ID, l Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.askers[p]; ok {
		return
	}
	a := &asker{news: make(chan struct{}, 1)}
	f.askers[p] = a
	f.workers.Start(p, func(ctx context.Context) { f.run(ctx, p, a) })
	f.tracker.Join(p, l.Inbound)
	nudge(f.wake)
}

// Leave drops a peer; what it was to send others are asked for.
func (f *fetcher) Leave(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.askers[p]; !ok {
		return
	}
	delete(f.askers, p)
	f.workers.Stop(p)
	f.tracker.Leave(time.Now(), p)
	nudge(f.wake)
}

// announced notes who has what.
func (f *fetcher) announced(p peer.ID, txs []chainhash.Hash) {
	f.mu.Lock()
	if _, ok := f.askers[p]; ok {
		f.tracker.Announced(time.Now(), p, txs)
	}
	f.mu.Unlock()
	nudge(f.wake)
}

// known says that nobody need be asked for a transaction any more.
func (f *fetcher) known(tx chainhash.Hash) {
	f.mu.Lock()
	f.tracker.Known(tx)
	f.mu.Unlock()
	nudge(f.wake) // a place may be free at a peer that has been asked for enough
}

// run asks one peer for what is due until ctx ends.
func (f *fetcher) run(ctx context.Context, p peer.ID, a *asker) {
	var s *objects.Session
	defer func() {
		if s != nil {
			_ = s.Close() // the peer has left or we are stopping
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.news:
		}
		f.mu.Lock()
		txs := a.due
		a.due = nil
		f.mu.Unlock()
		for len(txs) > 0 && ctx.Err() == nil {
			part := txs[:min(len(txs), objects.MaxItems)]
			txs = txs[len(part):]
			s = f.ask(ctx, p, s, part)
		}
	}
}

// ask puts one question and takes its answers, over the session or a new one. It
// returns the session if it can go on.
func (f *fetcher) ask(ctx context.Context, p peer.ID, s *objects.Session, txs []chainhash.Hash) *objects.Session {
	if s != nil {
		answered, err := f.over(ctx, p, s, txs)
		if err == nil {
			return s
		}
		_ = s.Close() // it is broken
		if txs = txs[answered:]; answered > 0 {
			f.gaveUp(ctx, p, txs, err)
			return nil
		}
		// The peer had ended the stream while it lay idle, which shows only now.
	}
	s, err := f.objects.Open(ctx, p)
	if err != nil {
		f.gaveUp(ctx, p, txs, err)
		return nil
	}
	if answered, err := f.over(ctx, p, s, txs); err != nil {
		f.gaveUp(ctx, p, txs[answered:], err)
		_ = s.Close() // it is broken
		return nil
	}
	return s
}

// over asks over one session and returns how many were answered.
func (f *fetcher) over(ctx context.Context, p peer.ID, s *objects.Session, txs []chainhash.Hash) (answered int, err error) {
	if err := s.RequestTxs(ctx, txs); err != nil {
		return 0, err
	}
	for answered < len(txs) {
		r, err := s.Next(ctx)
		if err != nil {
			return answered, err
		}
		answered++
		f.arrived(p, r)
	}
	return answered, nil
}

// arrived deals with one answer. A transaction that breaks the rules may be one
// with a changed witness, which its id does not cover: another peer's copy of it
// may be good.
func (f *fetcher) arrived(p peer.ID, r objects.Result) {
	if r.Tx == nil {
		f.failed(p, r.Hash)
		return
	}
	if err := f.take(p, r.Tx); err != nil {
		f.charge(p, err)
		f.failed(p, r.Hash)
		return
	}
	f.known(r.Hash)
}

// gaveUp leaves the rest to others.
func (f *fetcher) gaveUp(ctx context.Context, p peer.ID, txs []chainhash.Hash, err error) {
	if ctx.Err() == nil {
		f.charge(p, err)
	}
	for _, tx := range txs {
		f.failed(p, tx)
	}
}

func (f *fetcher) failed(p peer.ID, tx chainhash.Hash) {
	f.mu.Lock()
	f.tracker.Failed(time.Now(), p, tx)
	f.mu.Unlock()
	nudge(f.wake)
}
