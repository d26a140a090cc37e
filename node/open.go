package node

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/store"
)

// opened is what New has opened, to be closed in the reverse order.
type opened struct {
	closers []func() error
}

func (o *opened) add(closer func() error) { o.closers = append(o.closers, closer) }

// close closes everything, once.
func (o *opened) close() error {
	var errs []error
	for _, closer := range slices.Backward(o.closers) {
		errs = append(errs, closer())
	}
	o.closers = nil
	return errors.Join(errs...)
}

// open opens the folder: its lock and store first, so that a second node on it
// touches nothing; then identity, chain and host.
func open(ctx context.Context, cfg Config, log *slog.Logger) (_ *opened, _ Parts, err error) {
	o := new(opened)
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	params, err := Params(cfg.Network)
	if err != nil {
		return nil, Parts{}, err
	}
	db, err := store.Open(cfg.Dir())
	if err != nil {
		return nil, Parts{}, err
	}
	o.add(db.Close)
	// From before the lock's holder that was killed.
	if err := removeFiles(cfg.Dir()); err != nil {
		return nil, Parts{}, err
	}
	key, err := identity(cfg.Dir())
	if err != nil {
		return nil, Parts{}, err
	}
	settings, err := cfg.chain()
	if err != nil {
		return nil, Parts{}, err
	}
	c, err := chain.Open(settings, params, db.View("headers"), log)
	if err != nil {
		return nil, Parts{}, err
	}
	o.add(c.Close)
	called, err := namedBy(cfg)
	if err != nil {
		return nil, Parts{}, err
	}
	ledger, damaged, err := loadBans(ctx, db.View("bans"), time.Now(), called.all())
	if err != nil {
		return nil, Parts{}, err
	}
	if damaged > 0 {
		log.WarnContext(ctx, "bans that cannot be read were left out", "count", damaged)
	}
	parts := Parts{
		Chain:   c,
		Store:   db,
		Metrics: NewMetrics(),
		Traffic: NewTraffic(),
		gater:   newGater(time.Now, ledger),
	}
	if parts.gater.allowed, err = cfg.allowed(); err != nil {
		return nil, Parts{}, err
	}
	psk, err := cfg.swarmKey()
	if err != nil {
		return nil, Parts{}, err
	}
	if psk != nil {
		log.InfoContext(ctx, "closed network: only who has its key comes in, over TCP alone, because libp2p's key excludes QUIC")
	}
	manager, err := cfg.limits().manager()
	if err != nil {
		return nil, Parts{}, err
	}
	parts.entrance = &entrance{ResourceManager: manager}
	o.add(manager.Close)
	h, known, err := newHost(ctx, cfg, hostParts{
		key: key, gater: parts.gater, peers: db.View("peerstore"), metrics: parts.Metrics.registry, traffic: parts.Traffic,
		manager: parts.entrance, psk: psk, probes: true,
	})
	if err != nil {
		return nil, Parts{}, err
	}
	o.add(known.Close)
	o.add(h.Close)
	o.add(func() error { return removeFiles(cfg.Dir()) })
	parts.Host = h
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, Parts{}, fmt.Errorf("seed the random source: %w", err)
	}
	parts.Src = rand.NewChaCha8(seed)
	return o, parts, nil
}

// chain returns the chain's share of the configuration.
func (c Config) chain() (chain.Config, error) {
	cfg := chain.DefaultConfig(filepath.Join(c.Dir(), chainFolder))
	hash, height, err := parseAssumeValid(c.AssumeValid)
	if err != nil {
		return cfg, err
	}
	if height > 0 {
		cfg.AssumeValid = &chain.AssumeValid{Hash: hash, Height: height}
	}
	cfg.MinChainWork, err = parseWork(c.MinChainWork)
	if c.CacheBytes > 0 {
		cfg.UTXOCache = c.CacheBytes
	}
	cfg.Mempool.MaxBytes = int64(c.MempoolMiB) << 20
	cfg.Prune = uint64(c.PruneMiB) << 20 // validated to be positive
	cfg.TxIndex, cfg.CFIndex = c.TxIndex, c.CFIndex
	return cfg, err
}

// Offline is a chain without a node around it, for the commands that read or
// write it while no node runs. It holds the folder's lock.
type Offline struct {
	Chain *chain.Chain
	store *store.Store
}

// OpenChain opens the chain of the configuration's folder and takes back what a
// killed process had stored.
func OpenChain(ctx context.Context, cfg Config, log *slog.Logger) (*Offline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	params, err := Params(cfg.Network)
	if err != nil {
		return nil, err
	}
	settings, err := cfg.chain()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(cfg.Dir())
	if err != nil {
		return nil, err
	}
	c, err := chain.Open(settings, params, db.View("headers"), log)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	o := &Offline{Chain: c, store: db}
	if _, err := c.Recover(ctx, nil); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// Close writes everything to disk and gives the folder back.
func (o *Offline) Close() error { return errors.Join(o.Chain.Close(), o.store.Close()) }
