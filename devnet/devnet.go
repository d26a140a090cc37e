package devnet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/node"
)

// Network is the network whose parameters the nodes follow.
const Network = "regtest"

// bank is the key that pays the first coins out.
const bank = "bank"

// starting is how many nodes start at the same time: opening databases waits for the disk.
const starting = 4

// Devnet is a network. [New] prepares it and Run runs it, once.
type Devnet struct {
	cfg    Config
	params *chaincfg.Params
	log    *slog.Logger
	feed   *dashboard.Feed
	trace  *tracer
	purse  *purse
	shelf  *shelf
	bank   *key
	begun  time.Time
	server *api.Server

	ready chan struct{}
	took  time.Duration // until ready

	// acting lets one action at a time change who is there and who is linked.
	acting sync.Mutex
	orders chan order     // members to be started
	work   sync.WaitGroup // that orders have begun

	mu      sync.Mutex
	members []*member // in the order of their numbers; the removed are not among them
	names   map[peer.ID]string
	groups  map[string]int // name → group while the network is parted; nil = it is whole
	given   int            // members so far
	rng     *mrand.Rand
}

// New prepares a network. Nothing runs yet.
func New(cfg Config, log *slog.Logger) (*Devnet, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	params, err := node.Params(Network)
	if err != nil {
		return nil, err
	}
	k, err := newKey(bank, params)
	if err != nil {
		return nil, err
	}
	var seed [32]byte
	rand.Read(seed[:]) // never fails: crypto/rand ends the program instead
	d := &Devnet{
		cfg: cfg, params: params, log: log, bank: k, purse: newPurse(params), shelf: newShelf(), begun: time.Now(), ready: make(chan struct{}),
		orders: make(chan order), names: make(map[peer.ID]string), rng: mrand.New(mrand.NewChaCha8(seed)),
	}
	d.feed = dashboard.NewFeed(d.begun)
	d.trace = newTracer(mrand.NewChaCha8(seed))
	d.purse.own(bank, k)
	d.server, err = api.NewDashboard(api.Config{Listen: cfg.API, Dir: cfg.At}, view{d}, d.feed, log, d.routes()...)
	return d, err
}

// Ready is closed once all nodes have the same tip and a transaction has reached them all.
func (d *Devnet) Ready() <-chan struct{} { return d.ready }

// Address is where a browser finds the network, with the token that opens its actions. It
// is empty before the dashboard listens.
func (d *Devnet) Address() string {
	a := d.server.Addr()
	if a == nil {
		return ""
	}
	return "http://" + a.String() + "/#token=" + d.server.Token()
}

// Listening is closed once the dashboard is there; the nodes may still be starting.
func (d *Devnet) Listening() <-chan struct{} { return d.server.Ready() }

// Run runs the network until ctx ends or something breaks, and returns when all of it has
// ended and, unless it is kept, is deleted.
func (d *Devnet) Run(ctx context.Context) (err error) {
	at, err := claim(d.cfg.At)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.release()) }()
	defer func() { err = errors.Join(err, d.erase()) }()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.obey(ctx) })
	group.Go(func() error { return d.server.Run(ctx) })
	select {
	case <-ctx.Done():
		return ignoreEnd(ctx, group.Wait())
	case <-d.server.Ready():
	}
	if err := at.write(d.server.Addr().String()); err != nil {
		group.Go(func() error { return err })
		return group.Wait()
	}
	group.Go(func() error { return d.begin(ctx, group) })
	err = group.Wait()
	d.stopAll()
	d.work.Wait()
	return ignoreEnd(ctx, err)
}

// ignoreEnd makes the end of Run's context no error.
func ignoreEnd(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	return err
}

// begin starts the nodes, gives them coins and sets the network going.
func (d *Devnet) begin(ctx context.Context, group *errgroup.Group) error {
	first, err := d.enlist()
	if err != nil {
		return err
	}
	if err := d.order(ctx, first, false); err != nil {
		return err
	}
	var rest []*member
	for len(rest) < d.cfg.Nodes-1 {
		m, err := d.enlist()
		if err != nil {
			return err
		}
		rest = append(rest, m)
	}
	if err := d.endow(ctx, first); err != nil {
		return err
	}
	if err := d.orderAll(ctx, rest, false); err != nil {
		return err
	}
	d.weave(ctx)
	if d.cfg.Blocks > 0 {
		group.Go(func() error { return d.mineAlways(ctx) })
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	d.took = time.Since(d.begun)
	close(d.ready)
	d.log.InfoContext(ctx, "devnet is ready", "nodes", d.cfg.Nodes, "took", d.took.Round(time.Millisecond))
	if d.cfg.Payments > 0 {
		group.Go(func() error { return d.payAlways(ctx) })
	}
	return nil
}

// enlist makes a member that does not run yet.
func (d *Devnet) enlist() (*member, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.members) >= MaxNodes {
		return nil, dashboard.Conflict("the network has %d nodes, which is the most: remove one first", MaxNodes)
	}
	name := fmt.Sprintf("n%d", d.given+1)
	k, err := newKey(name, d.params)
	if err != nil {
		return nil, err
	}
	m := &member{name: name, number: d.given, dir: folder(d.cfg.Dir, name), key: k}
	d.given++
	d.members = append(d.members, m)
	d.purse.own(name, k)
	return m, nil
}

// order is a member that is to be started by Run, whose nodes live as long as it does and
// not as long as a request.
type order struct {
	member *member
	link   bool // with others, once it is up
	done   chan error
}

// obey starts members until ctx ends.
func (d *Devnet) obey(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-d.orders:
			d.work.Go(func() { o.done <- d.start(ctx, o.member, o.link) }) // ends with the start, or ctx
		}
	}
}

// order has a member started, and returns when it is up and, if so asked, linked.
func (d *Devnet) order(ctx context.Context, m *member, link bool) error {
	o := order{m, link, make(chan error, 1)}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case d.orders <- o:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-o.done:
		return err
	}
}

// orderAll has several members started, a few at a time.
func (d *Devnet) orderAll(ctx context.Context, members []*member, link bool) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(starting)
	for _, m := range members {
		group.Go(func() error { return d.order(ctx, m, link) })
	}
	return group.Wait()
}

// start runs a member, follows what happens in it, and links it with others. Its node
// ends with ctx.
func (d *Devnet) start(ctx context.Context, m *member, link bool) error {
	log := d.log.With("node", m.name)
	a, err := m.start(ctx, d.cfg, log, func(err error) {
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "node has ended", "err", err)
		}
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		m.stop() // who ends the others may have been here already
		return ctx.Err()
	}
	d.mu.Lock()
	d.names[a.Addr().ID] = m.name
	d.mu.Unlock()
	if err := d.admit(ctx, a); err != nil {
		return err
	}
	d.follow(ctx, a)
	if link {
		d.link(ctx, a, d.cfg.outbound())
	}
	return nil
}

// all returns the members, in the order of their numbers.
func (d *Devnet) all() []*member {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.members)
}

// find returns a member by its name.
func (d *Devnet) find(name string) (*member, error) {
	for _, m := range d.all() {
		if m.name == name {
			return m, nil
		}
	}
	return nil, dashboard.NotFound("there is no node %.80q: pappus devnet status lists them", name)
}

// up returns the members that run.
func (d *Devnet) up() []alive {
	var all []alive
	for _, m := range d.all() {
		if a, ok := m.live(); ok {
			all = append(all, a)
		}
	}
	return all
}

// anyone draws a member that runs.
func (d *Devnet) anyone() (alive, bool) {
	up := d.up()
	if len(up) == 0 {
		return alive{}, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return up[d.rng.IntN(len(up))], true
}

// name returns a peer's name, or its id if it is none of ours.
func (d *Devnet) name(p peer.ID) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name, ok := d.names[p]; ok {
		return name
	}
	return p.String()
}

// stopAll ends all nodes, side by side.
func (d *Devnet) stopAll() {
	var stops sync.WaitGroup
	for _, m := range d.all() {
		stops.Go(func() { m.stop() })
	}
	stops.Wait()
}

// erase deletes the nodes' folders, unless they are kept.
func (d *Devnet) erase() error {
	if d.cfg.Keep {
		return nil
	}
	var errs []error
	for _, m := range d.all() {
		errs = append(errs, m.erase())
	}
	return errors.Join(errs...)
}
