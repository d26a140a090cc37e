package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/discovery/seeder"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/status"
)

// SeederConfig is all that can be set about a seeder. It needs no folder: what it
// knows is seen again in minutes.
type SeederConfig struct {
	Network string
	Zone    string   // that it answers for, and
	Server  string   // the name of the machine that it runs on
	Mail    string   // of who runs it
	DNS     string   // host:port to answer on
	Health  string   // host:port of the health page; "" = none
	First   []string // multiaddrs with peer ids, to begin with
}

// seederHTTP bounds how long a reader of the health page may take.
const seederHTTP = 5 * time.Second

// RunSeeder crawls a network and answers DNS for it until ctx ends. Ready is called
// once with the addresses that it listens on.
func RunSeeder(ctx context.Context, cfg SeederConfig, log *slog.Logger, ready func(dns, health string)) error {
	params, err := Params(cfg.Network)
	if err != nil {
		return err
	}
	zone, err := seeder.NewZone(cfg.Zone, cfg.Server, cfg.Mail)
	if err != nil {
		return err
	}
	if len(cfg.First) == 0 {
		return errors.New("a seeder needs peers to begin with: name one with --connect /ip4/…/tcp/…/p2p/…")
	}
	var first []peer.AddrInfo
	for _, s := range cfg.First {
		info, err := peer.AddrInfoFromString(s)
		if err != nil {
			return fmt.Errorf("connect %q: %w", s, err)
		}
		first = append(first, *info)
	}
	h, err := seederHost()
	if err != nil {
		return err
	}
	crawler := newCrawler(h, params, first, log)
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // never fails
	server, err := seeder.Listen(ctx, cfg.DNS, zone, crawler, mrand.NewChaCha8(seed))
	if err != nil {
		return errors.Join(err, h.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	page, err := serveHealth(ctx, cfg.Health, group, func() seeder.Health {
		answered, refused := server.Counts()
		return seeder.Health{Zone: cfg.Zone, Known: crawler.Known(), Named: len(crawler.Hosts()), Answered: answered, Refused: refused}
	})
	if err != nil {
		group.Go(func() error { return err }) // ends the others
	} else {
		ready(server.Addr(), page)
	}
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { return crawler.Run(ctx) })
	return errors.Join(group.Wait(), h.Close())
}

// seederHost speaks what nodes speak and listens to nobody, with an identity that
// is made anew at each start.
func seederHost() (host.Host, error) {
	h, err := libp2p.New(
		speech(nil),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)
	if err != nil {
		return nil, fmt.Errorf("make libp2p host: %w", err)
	}
	return h, nil
}

// visitor is what a seeder says of itself: that it has nothing.
type visitor struct{ params *chaincfg.Params }

// Status implements status.Local.
func (v visitor) Status() status.Status {
	return status.Status{
		Version: status.Version, Genesis: *v.params.GenesisHash, Best: *v.params.GenesisHash, Work: new(big.Int),
		Time: time.Now(), Nonce: 1, Agent: Agent, // a nonce finds connections with oneself, and it listens to nobody
	}
}

func newCrawler(h host.Host, params *chaincfg.Params, first []peer.AddrInfo, log *slog.Logger) *seeder.Crawler {
	allow := addrlist.Public
	if canMine(params) {
		allow = addrlist.Dialable // a network that lives on private addresses
	}
	greet := status.New(params, visitor{params}, status.NewLedger(), func(network.Conn, status.Status) {})
	return seeder.NewCrawler(h, greet, addresses.NewClient(h, params, allow), first, log)
}

// serveHealth serves the health page until ctx ends, and returns where.
func serveHealth(ctx context.Context, address string, group *errgroup.Group, of func() seeder.Health) (string, error) {
	if address == "" {
		return "", nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("listen for the health page: %w", err)
	}
	page := &http.Server{Handler: seeder.HealthPage(of), ReadTimeout: seederHTTP, WriteTimeout: seederHTTP}
	group.Go(func() error { // ends with Close
		if err := page.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error { // ends with ctx
		<-ctx.Done()
		return page.Close()
	})
	return l.Addr().String(), nil
}
