package chain

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/blockchain/indexers"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
)

// Chain is one network's validated chain, its header index and its mempool. It is
// safe for concurrent use.
type Chain struct {
	cfg     Config
	params  *chaincfg.Params // as given
	own     *chaincfg.Params // what btcd ties its deployments to
	log     *slog.Logger
	headers *headerIndex
	pool    *txpool.Pool
	sigs    *txscript.SigCache
	hashes  *txscript.HashCache
	salvage *salvage

	// accepting is held while a block is validated. Nothing that serves takes it.
	accepting sync.Mutex
	closed    bool
	unflushed int // bytes of blocks since the unspent outputs were last written
	disk      diskWatch
	setup     setup
	assumed   assumed
	closing   chan struct{} // closed before the database is, which waits for its readers

	// looking is held while the mempool, or mining, looks outputs up: btcd counts the
	// memory of its cache without a lock under those who only read. It comes after the
	// mempool's lock and before swapping.
	looking sync.Mutex
	lookups uint64 // since the cache of outputs was emptied

	// swapping guards what is replaced between two blocks now and then; readers hold it
	// for one call. It may be taken under the mempool's lock, never the other way round.
	swapping  sync.RWMutex
	db        database.DB
	consensus *blockchain.BlockChain
	txs       *indexers.TxIndex // nil: off
	filters   *indexers.CfIndex // nil: off

	tip atomic.Pointer[Tip]

	subscribing sync.Mutex
	subscribers atomic.Pointer[[]func(events.Event)]
}

// Open opens the chain in cfg.Dir, creating it at the network's genesis, with its
// header index in the given namespace. After a crash it brings the set of unspent outputs
// up to the tip that survived. Blocks that a killed process had stored beyond that tip are
// kept for [Chain.Recover], to be called next. Damage comes as a *[DamagedError].
func Open(cfg Config, params *chaincfg.Params, headers datastore.Batching, log *slog.Logger) (*Chain, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	bridgeLogs(log)
	index, err := openHeaders(params, headers, log)
	if err != nil {
		return nil, err
	}
	salvage, err := openSalvage(cfg.Dir, params.Net)
	if err != nil {
		return nil, fmt.Errorf("look for blocks that a crash left behind: %w", diagnose(cfg.Dir, err))
	}
	db, err := openDatabase(cfg.Dir, params.Net)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open block database: %w", diagnose(cfg.Dir, err)), salvage.close())
	}
	return build(cfg, params, log, stores{db, index, salvage, watchDisk(cfg.Dir)})
}

// OpenOn opens the chain in a database that is open already, and that Close closes. It has
// no folder: cfg.Dir is empty, nothing outlives a crash but what the database itself
// keeps, and nothing is pruned.
func OpenOn(db database.DB, cfg Config, params *chaincfg.Params, headers datastore.Batching, log *slog.Logger) (*Chain, error) {
	if err := cfg.validateRest(); err != nil {
		return nil, err
	}
	if cfg.Dir != "" || cfg.Prune != 0 {
		return nil, errors.New("a chain in an open database has no folder and is not pruned")
	}
	bridgeLogs(log)
	index, err := openHeaders(params, headers, log)
	if err != nil {
		return nil, err
	}
	return build(cfg, params, log, stores{db: db, headers: index, salvage: new(salvage)})
}

// stores are what a chain keeps its data in.
type stores struct {
	db      database.DB
	headers *headerIndex
	salvage *salvage
	disk    diskWatch
}

// build puts a chain together, and closes the stores if that fails.
func build(cfg Config, params *chaincfg.Params, log *slog.Logger, in stores) (*Chain, error) {
	cfg = cfg.filled()
	c := &Chain{
		cfg:     cfg,
		params:  params,
		own:     isolate(params),
		log:     log,
		db:      in.db,
		headers: in.headers,
		sigs:    txscript.NewSigCache(cfg.Signatures),
		hashes:  txscript.NewHashCache(cfg.Signatures),
		salvage: in.salvage,
		disk:    in.disk,
		assumed: assumed{target: cfg.AssumeValid},
		closing: make(chan struct{}),
	}
	c.subscribers.Store(new([]func(events.Event)))
	if err := c.start(); err != nil {
		return nil, errors.Join(err, c.db.Close(), in.salvage.close())
	}
	return c, nil
}

func (c *Chain) start() error {
	if err := c.checkSwitches(); err != nil {
		return err
	}
	if err := c.connect(c.setup); err != nil {
		return err
	}
	if err := c.reconcile(); err != nil {
		return fmt.Errorf("compare header index with block database: %w", err)
	}
	if err := c.openUndecodable(); err != nil {
		return fmt.Errorf("look for outputs that cannot be decoded: %w", diagnose(c.cfg.Dir, err))
	}
	c.pool = c.newMempool()
	return c.arrange(nil)
}

// connect opens btcd's blockchain over the database and makes it the one in use.
func (c *Chain) connect(s setup) error {
	txs, filters, manager := c.newIndexes()
	var sigs *txscript.SigCache
	if s.cache {
		sigs = c.sigs
	}
	consensus, err := blockchain.New(&blockchain.Config{
		DB:               c.db,
		ChainParams:      c.own,
		Checkpoints:      c.checkpoints(s),
		TimeSource:       localClock{},
		SigCache:         sigs,
		HashCache:        c.hashes,
		IndexManager:     manager,
		UtxoCacheMaxSize: c.cfg.UTXOCache,
		Prune:            c.cfg.Prune,
	})
	if err != nil {
		return fmt.Errorf("open block database: %w", diagnose(c.cfg.Dir, err))
	}
	consensus.Subscribe(c.notified)
	c.consensus, c.txs, c.filters = consensus, txs, filters
	tip := consensus.BestSnapshot().Hash
	header, err := consensus.HeaderByHash(&tip)
	if err != nil {
		return fmt.Errorf("header of the tip: %w", err)
	}
	c.moveTip(&header)
	return nil
}

// view reads from the block database.
func (c *Chain) view(read func(database.Tx) error) error {
	c.swapping.RLock()
	defer c.swapping.RUnlock()
	return c.db.View(read)
}

// use returns btcd's blockchain, and what gives it back. It is for one call.
func (c *Chain) use() (*blockchain.BlockChain, func()) {
	c.swapping.RLock()
	return c.consensus, c.swapping.RUnlock
}

// Close writes everything to disk. A block under validation is waited for.
func (c *Chain) Close() error {
	c.accepting.Lock()
	defer c.accepting.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	close(c.closing)
	flushed := c.consensus.FlushUtxoCache(blockchain.FlushRequired)
	err := errors.Join(flushed, c.db.Close())
	if err != nil {
		return fmt.Errorf("close chain: %w", errors.Join(err, c.salvage.close()))
	}
	return c.salvage.done()
}

// Params returns the network's parameters.
func (c *Chain) Params() *chaincfg.Params { return c.params }

// Headers returns the tree of all accepted headers. Only the chain writes to it.
func (c *Chain) Headers() *headertree.Tree { return c.headers.tree }

// AcceptHeaders validates the headers, keeps those that are new and returns their
// number. It stops at the first bad one; those before it stay.
func (c *Chain) AcceptHeaders(now time.Time, headers []wire.BlockHeader) (added int, err error) {
	return c.headers.add(now, headers)
}
