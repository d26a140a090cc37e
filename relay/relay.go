package relay

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/relay/stempool"
)

// Parts are the collaborators of a relay. It closes none of them.
type Parts struct {
	Pool     *txpool.Pool
	Shelf    *stempool.Shelf
	Records  []stempool.Record // that were in their stem when the node stopped
	Journal  *journal.Journal
	Announce Announcer
	Stem     Stemmer
	Gossip   Publisher
	Objects  *objects.Client
	Mempools Inventory
	Charge   func(peer.ID, error)
	Emit     func(events.Event)
	Log      *slog.Logger
	Src      rand.Source // feeds choices that must be secret
}

// Relay takes transactions from the operator and from peers and spreads them. It
// is safe for concurrent use.
type Relay struct {
	journal   *journal.Journal
	intake    *intake
	fetch     *fetcher
	mechanism Mechanism
	stemming  *stemming   // nil: no Dandelion
	announces *announcing // nil: nothing is announced by id
	running   []Mechanism
	inventory Inventory
	charge    func(peer.ID, error)
	src       rand.Source // reconcile's
	roster    *roster
	links     *links
	lives     *lives
}

// New puts a relay together. Nothing runs before Run.
func New(cfg Config, parts Parts) (*Relay, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Relay{
		journal: parts.Journal, inventory: parts.Mempools, charge: parts.Charge, src: fork(parts.Src),
		roster: newRoster(), links: newLinks(), lives: newLives(parts.Journal, parts.Pool),
	}
	r.intake = &intake{pool: parts.Pool, log: parts.Log, emit: parts.Emit, accepted: r.accepted, lacking: r.lacking}
	r.fetch = newFetcher(cfg.Ask, parts.Objects, r.intake.take, parts.Charge, fork(parts.Src))
	spreads := cfg.Broadcast
	if cfg.Broadcast == Dandelion {
		spreads = cfg.Fluff
	}
	switch spreads {
	case Flood:
		r.announces = newAnnouncing(cfg.Flooding, r.intake, parts.Announce, fork(parts.Src))
	case Diffusion:
		r.announces = newAnnouncing(cfg.Diffusion, r.intake, parts.Announce, fork(parts.Src))
	case Gossip, Dandelion:
	}
	if r.announces != nil {
		r.mechanism = r.announces
	} else {
		r.mechanism = newGossiping(r.intake, parts.Gossip)
	}
	r.running = []Mechanism{r.mechanism}
	if cfg.Broadcast == Dandelion {
		stems := stempool.New(cfg.Stempool, parts.Pool, time.Now())
		r.stemming = newStemming(cfg.Dandelion, r.intake, parts.Journal, parts.Stem, r.mechanism, stems, parts.Shelf, fork(parts.Src))
		r.mechanism = r.stemming
		r.running = append(r.running, r.stemming)
	}
	r.restore(parts)
	parts.Pool.Subscribe(r.lives.changed)
	return r, nil
}

// fork draws the seed of a source for another owner: 256 bits, so that knowing
// what one source gave tells nothing of the others.
func fork(src rand.Source) rand.Source {
	var seed [32]byte
	for i := 0; i < len(seed); i += 8 {
		for j, v := 0, src.Uint64(); j < 8; j++ {
			seed[i+j] = byte(v >> (8 * j)) // one byte of eight
		}
	}
	return rand.NewChaCha8(seed)
}

// Run works until ctx ends and returns when everything that it started has ended.
func (r *Relay) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.fetch.Run(ctx) })
	group.Go(func() error { return r.reconcile(ctx) })
	group.Go(func() error { return r.roster.tell(ctx, r.turnover) })
	r.resume(ctx)
	for _, m := range r.running {
		group.Go(func() error { return m.Run(ctx) })
	}
	return group.Wait()
}

// Stems returns the peers that stems are handed to at present, and how many transactions
// are in their stem here. Both are for whoever studies a network of his own: of a node that
// somebody relies on they are nobody's business (mechanism 3).
func (r *Relay) Stems() (to []peer.ID, held int) {
	if r.stemming == nil {
		return nil, 0
	}
	return r.stemming.now()
}

// Serves says whether a peer may have a transaction of the mempool.
func (r *Relay) Serves(p peer.ID, tx chainhash.Hash) bool { return r.mechanism.Serves(p, tx) }

// Join adds a peer that has completed its handshake. It does not wait for anything.
func (r *Relay) Join(p peer.ID, l Link) {
	r.links.join(p, l)
	r.fetch.Join(p, l) // at once: what the peer announces next counts
	r.roster.note(turnover{peer: p, link: l})
}

// LastTx returns when a linked peer last brought a transaction that was new and is
// good; zero: never.
func (r *Relay) LastTx(p peer.ID) time.Time { return r.links.lastTx(p) }

// Leave drops a peer. It does not wait for anything.
func (r *Relay) Leave(p peer.ID) {
	r.links.leave(p)
	r.fetch.Leave(p)
	r.roster.note(turnover{peer: p, gone: true})
}

func (r *Relay) turnover(t turnover) {
	if !t.gone {
		r.mechanism.Join(t.peer, t.link)
		return
	}
	r.mechanism.Leave(t.peer)
	r.intake.pool.Leave(string(t.peer))
}
