package seeder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/status"
)

const (
	// visitors is how many visits are under way at most, and pace how often one
	// begins: a network of 20,000 is seen in three hours.
	visitors = 16
	pace     = time.Second / 2
	// stay bounds one visit: a dial, a handshake and one answer.
	stay = 45 * time.Second
	// renew is how often the list of whom to name is made anew.
	renew = 5 * time.Second
)

// Greeter makes the handshake; a status.Handshake is one.
type Greeter interface {
	Greet(ctx context.Context, c network.Conn) (status.Status, error)
}

// Asker puts getaddr to a peer; an addresses.Client is one.
type Asker interface {
	Ask(ctx context.Context, p peer.ID, known addresses.Known) (found []addresses.Found, useless int, err error)
}

// Crawler visits peers, asks them for others, and knows whom to name. It is a
// [Source], safe for concurrent use.
type Crawler struct {
	host  host.Host
	greet Greeter
	ask   Asker
	log   *slog.Logger
	slots chan struct{} // one for each visit

	mu     sync.Mutex
	roster *Roster
	hosts  []Host // replaced, never changed
}

// NewCrawler returns a crawler that begins with the given peers.
func NewCrawler(h host.Host, greet Greeter, ask Asker, first []peer.AddrInfo, log *slog.Logger) *Crawler {
	c := &Crawler{host: h, greet: greet, ask: ask, log: log, roster: NewRoster(), slots: make(chan struct{}, visitors)}
	for _, p := range first {
		c.roster.Learn(time.Now(), p.ID, p.Addrs)
	}
	return c
}

// Hosts implements [Source].
func (c *Crawler) Hosts() []Host {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hosts
}

// Known is how many peers are known.
func (c *Crawler) Known() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roster.Len()
}

// Run visits until ctx ends, and returns when the last visit has ended.
func (c *Crawler) Run(ctx context.Context) error {
	var visits sync.WaitGroup
	defer visits.Wait()
	turn, list := time.NewTicker(pace), time.NewTicker(renew)
	defer turn.Stop()
	defer list.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-list.C:
			c.renew(now)
		case now := <-turn.C:
			select {
			case c.slots <- struct{}{}:
			default:
				continue // all are out
			}
			c.mu.Lock()
			due := c.roster.Due(now, 1)
			c.mu.Unlock()
			if len(due) == 0 {
				<-c.slots
				continue
			}
			visits.Go(func() { // ends within stay, or with ctx
				defer func() { <-c.slots }()
				c.visit(ctx, due[0])
			})
		}
	}
}

func (c *Crawler) renew(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hosts = c.roster.Hosts(now)
}

// visit sees whether a peer is up, asks it whom it knows, and leaves.
func (c *Crawler) visit(ctx context.Context, h Host) {
	within, cancel := context.WithTimeout(ctx, stay)
	defer cancel()
	v, found, err := c.call(within, h)
	if ctx.Err() != nil {
		return // we are stopping; it is no fault of the peer's
	}
	now := time.Now()
	c.mu.Lock()
	c.roster.Visited(now, h.ID, v)
	for _, f := range found {
		if f.Peer != c.host.ID() {
			c.roster.Learn(now, f.Peer, f.Addrs)
		}
	}
	if v.Up {
		c.hosts = c.roster.Hosts(now)
	}
	c.mu.Unlock()
	c.log.DebugContext(ctx, "visited", "peer", h.ID, "up", v.Up, "height", v.Height, "found", len(found), "err", err)
}

func (c *Crawler) call(ctx context.Context, h Host) (Visit, []addresses.Found, error) {
	defer func() {
		_ = c.host.Network().ClosePeer(h.ID) // it is gone already, then
		c.host.Peerstore().ClearAddrs(h.ID)
		c.host.Peerstore().RemovePeer(h.ID)
	}()
	c.host.Peerstore().AddAddrs(h.ID, h.Addrs, peerstore.TempAddrTTL)
	conn, err := c.host.Network().DialPeer(ctx, h.ID)
	if err != nil {
		return Visit{}, nil, err
	}
	s, err := c.greet.Greet(ctx, conn)
	if err != nil {
		return Visit{}, nil, err
	}
	v := Visit{Up: true, Full: s.Services&status.Full != 0, Height: s.Height}
	found, _, err := c.ask.Ask(ctx, h.ID, nil)
	return v, found, err
}
