package relay

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
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

	mu    sync.Mutex
	links map[peer.ID]Link
	// brought says when a linked peer last brought a transaction that was new.
	brought map[peer.ID]time.Time
	own     map[chainhash.Hash]chainhash.Hash // the operator's, by wtxid

	unmined  []*btcutil.Tx // own ones, until Settled
	ownLimit int           // of own, when it is looked for what the journal has forgotten
}

// minOwn is the least ownLimit: 64 bytes each.
const minOwn = 1024

// New puts a relay together. Nothing runs before Run.
func New(cfg Config, parts Parts) (*Relay, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Relay{journal: parts.Journal, inventory: parts.Mempools, charge: parts.Charge, src: fork(parts.Src), roster: newRoster(), links: make(map[peer.ID]Link), brought: make(map[peer.ID]time.Time), own: make(map[chainhash.Hash]chainhash.Hash)}
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
	for _, e := range parts.Journal.List() {
		if tx, err := btcutil.NewTxFromBytes(e.Raw); err == nil {
			r.own[*tx.WitnessHash()] = e.Tx
		}
	}
	r.restore(parts)
	parts.Pool.Subscribe(r.changed)
	return r, nil
}

// restore goes on with the stems that a stop has interrupted. Without Dandelion
// they end here.
func (r *Relay) restore(parts Parts) {
	if r.stemming != nil {
		if n := r.stemming.restore(parts.Records); n > 0 {
			parts.Log.Info("stems from before the last stop are not valid any more", "count", n)
		}
		return
	}
	for _, rec := range parts.Records {
		parts.Shelf.Delete(rec.Held.Tx)
		r.journal.Fluffed(time.Now(), rec.Held.Tx, "broadcast")
		if why := lost(r.intake.own(rec.Tx)); why != "" {
			r.journal.Dropped(time.Now(), rec.Held.Tx, string(why))
		}
	}
}

// changed follows own transactions that come into the mempool, or leave it without a block.
func (r *Relay) changed(c txpool.Change) {
	switch c.Why {
	case txpool.Replaced, txpool.Evicted, txpool.Expired:
		r.journal.Dropped(time.Now(), *c.Tx.Hash(), string(c.Why))
	case txpool.Conflict:
		r.journal.Dropped(time.Now(), *c.Tx.Hash(), string(events.ConflictTx))
	case txpool.Accepted: // also what was given up, and a reorganisation has brought back
		r.journal.Fluffed(time.Now(), *c.Tx.Hash(), "others") // unless its fluff is noted already
	case txpool.Confirmed:
	}
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

// resume goes on with own transactions that a crash has caught between the journal
// and the stempool: they are in the journal alone.
func (r *Relay) resume(ctx context.Context) {
	for _, e := range r.journal.List() {
		if (e.State != journal.Waiting && e.State != journal.Stemmed) || (r.stemming != nil && r.stemming.holdsOwn(e.Tx)) {
			continue
		}
		if r.intake.pool.Have(e.Tx) {
			r.journal.Fluffed(time.Now(), e.Tx, "others") // the crash has taken the note
			continue
		}
		tx, err := btcutil.NewTxFromBytes(e.Raw)
		if err == nil {
			err = r.mechanism.Originate(ctx, tx)
		}
		// A block that came while the node was down tells of its own.
		if why := lost(err); why != "" && ctx.Err() == nil {
			r.journal.Dropped(time.Now(), e.Tx, string(why))
		}
	}
}

// Submit takes a transaction of the operator's own and makes it travel. One that
// is on its way already is not sent again, and that is no error. The error tells
// by a *[txpool.RejectError] or *[stempool.Error] why it is not taken.
func (r *Relay) Submit(ctx context.Context, tx *btcutil.Tx) error {
	if r.stemming != nil && r.stemming.holdsOwn(*tx.Hash()) {
		return nil
	}
	raw, err := serialize(tx)
	if err != nil {
		return err
	}
	if err := r.journal.Submitted(ctx, time.Now(), tx, raw); err != nil {
		return err
	}
	r.note(tx)
	if r.stemming == nil {
		r.journal.Fluffed(time.Now(), *tx.Hash(), "broadcast")
	}
	if err := r.mechanism.Originate(ctx, tx); err != nil {
		if reasonOf(err) == events.KnownTx {
			return nil // others have published it
		}
		r.journal.Refused(*tx.Hash())
		return err
	}
	return nil
}

// note has gossip's copies of an own transaction recognised, as long as the journal has it.
func (r *Relay) note(tx *btcutil.Tx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.own) >= r.ownLimit {
		maps.DeleteFunc(r.own, func(_, txid chainhash.Hash) bool { return !r.journal.Owns(txid) })
		r.ownLimit = max(minOwn, 2*len(r.own))
	}
	r.own[*tx.WitnessHash()] = *tx.Hash()
}

// Abort takes back a transaction of the operator's that is in its stem still, and
// says whether it was. Whoever has it may publish it nevertheless.
func (r *Relay) Abort(tx chainhash.Hash) bool {
	return r.stemming != nil && r.stemming.abort(tx)
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

// Stemmed implements stem.Sink.
func (r *Relay) Stemmed(ctx context.Context, from peer.ID, tx *btcutil.Tx) error {
	r.heard(from, tx, true)
	return r.mechanism.Stemmed(ctx, from, tx)
}

// Received takes a transaction that gossip brought. The error is for its sender;
// taken says whether it is worth passing on.
func (r *Relay) Received(from peer.ID, tx *btcutil.Tx) (taken bool, err error) {
	r.heard(from, tx, false)
	err = r.intake.submit(tx, from)
	if err == nil || reasonOf(err) == events.KnownTx {
		return true, nil
	}
	return false, blame(from, err)
}

// Inventory implements announce.Sink's part for transactions.
func (r *Relay) Inventory(from peer.ID, txs []chainhash.Hash) {
	if r.announces != nil {
		r.announces.knows(from, txs)
	}
	unknown := make([]chainhash.Hash, 0, len(txs))
	for _, tx := range txs {
		if r.journal.Owns(tx) {
			r.seen(tx, from)
		}
		if !r.intake.pool.Have(tx) {
			unknown = append(unknown, tx)
		}
	}
	if len(unknown) > 0 {
		// One event for all: a long inventory pushes no other out of a reader's queue.
		r.intake.emit(events.TxHeard{From: from, Txs: slices.Clone(unknown)})
	}
	r.fetch.announced(from, unknown)
}

// heard tells of a transaction that a peer has brought, unless the mempool has it.
func (r *Relay) heard(from peer.ID, tx *btcutil.Tx, stem bool) {
	if hash := *tx.Hash(); !r.intake.pool.Have(hash) {
		r.intake.emit(events.TxHeard{From: from, Txs: []chainhash.Hash{hash}, Stem: stem})
	}
}

// Seen notes that a peer has gossiped a transaction: what the operator wants to know
// of own ones.
func (r *Relay) Seen(wtxid chainhash.Hash, from peer.ID) {
	r.mu.Lock()
	tx, mine := r.own[wtxid]
	r.mu.Unlock()
	if mine {
		r.seen(tx, from)
	}
}

func (r *Relay) seen(tx chainhash.Hash, from peer.ID) {
	r.mu.Lock()
	l := r.links[from]
	r.mu.Unlock()
	r.journal.SeenFrom(time.Now(), tx, from, l.Group)
}

// Serves says whether a peer may have a transaction of the mempool.
func (r *Relay) Serves(p peer.ID, tx chainhash.Hash) bool { return r.mechanism.Serves(p, tx) }

// Join adds a peer that has completed its handshake. It does not wait for anything.
func (r *Relay) Join(p peer.ID, l Link) {
	r.mu.Lock()
	r.links[p] = l
	r.mu.Unlock()
	r.fetch.Join(p, l) // at once: what the peer announces next counts
	r.roster.note(turnover{peer: p, link: l})
}

// LastTx returns when a linked peer last brought a transaction that was new and is
// good; zero: never.
func (r *Relay) LastTx(p peer.ID) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.brought[p]
}

// Leave drops a peer. It does not wait for anything.
func (r *Relay) Leave(p peer.ID) {
	r.mu.Lock()
	delete(r.links, p)
	delete(r.brought, p)
	r.mu.Unlock()
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

// accepted is told of a transaction that is new in the mempool.
func (r *Relay) accepted(tx *btcutil.Tx, from peer.ID) {
	hash := *tx.Hash()
	r.mu.Lock()
	if _, up := r.links[from]; up {
		r.brought[from] = time.Now()
	}
	r.mu.Unlock()
	r.fetch.known(hash)
	r.journal.Fluffed(time.Now(), hash, "others") // unless its fluff is noted already
	if r.stemming != nil {
		r.stemming.seen(tx)
	}
	if from == "" {
		r.mechanism.Spread(tx)
		return
	}
	// That the peer has brought it does not mean that it shows it: it may be a stem that
	// ends here. What was announced or gossiped has been noted before.
	r.mechanism.Spread(tx, from)
}

// lacking asks for the parents of an orphan, from who sent it and so has them.
func (r *Relay) lacking(from peer.ID, txs []chainhash.Hash) { r.fetch.announced(from, txs) }

// Watches says whether the transactions of blocks matter to anybody here: otherwise
// they need not be read.
func (r *Relay) Watches() bool {
	return r.journal.Awaits() || (r.stemming != nil && r.stemming.busy())
}

// Mined notes the transactions of a new block, of a height. The mempool has been told
// before.
func (r *Relay) Mined(b *btcutil.Block, height int32) {
	for _, tx := range b.Transactions()[1:] {
		r.journal.Mined(time.Now(), *tx.Hash(), height, *b.Hash())
		if r.stemming != nil {
			r.stemming.seen(tx)
		}
	}
	for _, tx := range r.intake.pool.Adopt(time.Now(), b) {
		r.accepted(tx, "")
	}
}

// Unmined notes the transactions of a block that left the main chain. See [Relay.Settled].
func (r *Relay) Unmined(b *btcutil.Block) {
	for _, tx := range b.Transactions()[1:] {
		if !r.journal.Owns(*tx.Hash()) {
			continue
		}
		r.journal.Unmined(*tx.Hash())
		r.mu.Lock()
		r.unmined = append(r.unmined, tx)
		r.mu.Unlock()
	}
}

// Settled says that the relay has been told of the main chain's last block. What was
// unmined and is in no other block is in the mempool again, unless it cannot be: the new
// chain holds another that spends the same.
func (r *Relay) Settled() {
	r.mu.Lock()
	unmined := r.unmined
	r.unmined = nil
	r.mu.Unlock()
	for _, tx := range unmined {
		if e, ok := r.journal.Entry(*tx.Hash()); !ok || e.State == journal.Mined || r.intake.pool.Have(e.Tx) {
			continue
		}
		_, _, err := r.intake.pool.Check(time.Now(), tx)
		why := lost(err)
		if why == "" {
			continue
		}
		r.journal.Dropped(time.Now(), *tx.Hash(), string(why))
		if r.intake.pool.Have(*tx.Hash()) { // it came back between the two
			r.journal.Fluffed(time.Now(), *tx.Hash(), "others")
		}
	}
}

func serialize(tx *btcutil.Tx) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, tx.MsgTx().SerializeSize()))
	if err := tx.MsgTx().Serialize(w); err != nil {
		return nil, fmt.Errorf("serialize transaction %v: %w", tx.Hash(), err)
	}
	return w.Bytes(), nil
}
