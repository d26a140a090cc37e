package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
)

// What a [Mempool] says of a transaction, besides the rule that it breaks.
var (
	ErrNotFound      = errors.New("not found")
	ErrPending       = errors.New("transaction is in the mempool already")
	ErrConfirmed     = errors.New("transaction is in the chain already")
	ErrMissingInputs = errors.New("an input of the transaction is unknown or spent")
	ErrFeeTooHigh    = errors.New("fee rate is above the caller's limit")
)

// Backend is the node as the API needs it. All of it is safe for concurrent
// use, and none of it waits for the validation of a block but Blocks, Outputs and Templates.
type Backend struct {
	Params  *chaincfg.Params
	Chain   Chain
	Disk    Disk
	Mempool Mempool
	Own     Own
	Miner   Miner
	Peers   Peers
	Kept    Kept
	Bans    Bans
	Known   Known
	Limits  Limits
	Sync    Sync
	Control Control
	Metrics *prometheus.Registry // nil = no metrics, kept or served
	View    dashboard.View       // nil = no dashboard
	Feed    *dashboard.Feed      // its events

	Tips      Tips
	Blocks    Blocks
	Outputs   Outputs
	Rules     Rules
	Templates Templates
	Pool      Pool
	Wires     Wires
	Logs      Logs
}

// Chain answers what is in the chain.
type Chain interface {
	// Headers holds at least the headers of the chain that ends in Tip.
	Headers() *headertree.Tree
	// Tips returns the hashes of the headers that no other header builds on, in any order.
	Tips() []chainhash.Hash
	Tip() Tip
	// HaveBlock says whether the block was stored; pruning need not change the answer.
	HaveBlock(hash chainhash.Hash) bool
	// RawBlock returns a block's bytes with witnesses, from any branch. They are the caller's.
	RawBlock(hash chainhash.Hash) ([]byte, error)
}

// Tip is the last block that is validated and connected.
type Tip struct {
	Hash   chainhash.Hash
	Height int32
	Txs    uint64 // from genesis to here
}

// Disk answers what the chain takes up.
type Disk interface {
	Usage() Usage
}

// Usage is how a node stores the chain.
type Usage struct {
	Bytes       int64 // blocks, indexes and unspent outputs together
	Free        int64 // bytes left on the disk; 0 = not known
	Pruned      bool
	PruneHeight int32 // lowest block that is kept, if pruned
	PruneTarget int64 // bytes, if pruned
	TxIndex     bool  // any transaction is found by its id
	Filters     bool  // BIP 158's are kept
}

// Mempool answers for transactions, in the mempool or in blocks, and takes new ones.
type Mempool interface {
	Pending() []Pending
	// FindTx looks in the mempool and then in the transaction index. The block is
	// zero for a transaction in the mempool. The error Is [ErrNotFound] if there is none.
	FindTx(txid chainhash.Hash) (raw []byte, block chainhash.Hash, err error)
	// SubmitTx checks a transaction of the operator's and makes it travel, by a stem
	// first if the node is set so: it is not in the mempool before that has ended.
	// maxFeeRate is in satoshi per 1,000 virtual bytes, 0 = any. The error
	// Is one of this package's where one fits; any other is the rule it breaks.
	SubmitTx(tx *btcutil.Tx, maxFeeRate btcutil.Amount) error
	// CheckTx says what a transaction would pay and its virtual size, or why it would
	// not be taken. Nothing changes.
	CheckTx(tx *btcutil.Tx) (fee btcutil.Amount, size int64, err error)
	Limits() MempoolLimits
}

// MempoolLimits is what bounds the mempool. Fee rates are in satoshi per 1,000 virtual
// bytes.
type MempoolLimits struct {
	Memory, MaxMemory                int64 // bytes
	MinFee, MinRelayFee, Incremental btcutil.Amount
}

// Pending is one transaction in the mempool.
type Pending struct {
	Tx     *btcutil.Tx
	Fee    btcutil.Amount
	Added  time.Time
	Height int32 // of the tip when it came in
}

// Miner takes blocks that were made here.
type Miner interface {
	// Mine finds n blocks on the tip, one after the other, that pay to the script;
	// nil = whatever the node's operator has set. It returns what it has found when
	// ctx ends. Called on regtest and simnet only.
	Mine(ctx context.Context, payTo []byte, n int) ([]chainhash.Hash, error)
	// SubmitBlock validates a block and connects it. A [blockchain.RuleError] that
	// the error wraps becomes bitcoind's name for the rule.
	SubmitBlock(block *btcutil.Block) error
}

// Peers answers who is connected.
type Peers interface {
	// Connected returns the peers that have completed status.
	Connected() []Peer
	// Dial connects to a peer, once.
	Dial(ctx context.Context, info peer.AddrInfo) error
	// Disconnect closes all connections to a peer and says whether there were any.
	Disconnect(id peer.ID) bool
	Network() Network
}

// Peer is one connected peer. Zero times and durations are unknown.
type Peer struct {
	Number  int32 // counts peers since the node started; the "id" of getpeerinfo
	ID      peer.ID
	Addr    multiaddr.Multiaddr // the peer's end of the connection, without /p2p
	Local   multiaddr.Multiaddr // our end
	Inbound bool
	Kept    bool            // the operator named it
	Kind    events.LinkKind // what the link is for
	Origin  events.Origin   // how the node came to know the peer
	AS      uint32          // the autonomous system that it is in; 0 = not known, or no table

	Connected           time.Time
	LastSend, LastRecv  time.Time
	LastBlock, LastTx   time.Time // when the last new one came from it
	BytesSent, BytesRcv uint64
	SentBy, RcvdBy      map[string]uint64 // bytes by protocol; not to be changed
	Ping, MinPing       time.Duration
	PingWait            time.Duration // since a ping that is not answered yet was sent

	Observed                   multiaddr.Multiaddr // our address as the peer sees it, nil = it has not said
	AddrRelay                  bool                // addresses are told to it
	AddrProcessed, AddrLimited uint64              // that it told unasked: looked at, and left for their number

	Points float64 // held against it, of 100

	Version  uint32 // of the status message
	Services uint64 // design.md §3
	Agent    string // as sent
	Offset   time.Duration

	Start        int32   // height in its status
	SyncedHeader int32   // highest header we have in common, -1 = unknown
	SyncedBlock  int32   // highest block we have in common, -1 = unknown
	InFlight     []int32 // heights of the blocks that we are waiting for
	Syncing      bool    // we are fetching from it
}

// Network is what a node says of itself.
type Network struct {
	ID       peer.ID
	Version  int32 // of the program: 10,000 × major + 100 × minor + patch
	Agent    string
	Services uint64
	Listen   []multiaddr.Multiaddr
	RelayFee btcutil.Amount // least fee per 1,000 virtual bytes that is relayed
	Reach    Reach
	Served   time.Time // when a peer was last answered about blocks or transactions; zero = never
}

// Kept is the list of peers that the node keeps a link to.
type Kept interface {
	Add(info peer.AddrInfo) error
	Remove(id peer.ID) bool // false: was not on the list
	Kept() []peer.AddrInfo
}

// Sync answers how far the node has come.
type Sync interface {
	Progress() Progress
}

// Progress is the state of the download.
type Progress struct {
	Syncing        bool // far behind, or no peer has been heard yet
	Headers        int32
	Blocks         int32
	Peers          int // that blocks are fetched from
	BytesPerSecond float64
	ETA            time.Duration // 0 = unknown
	InFlight       int           // blocks asked for
	Held           int           // blocks waiting for their turn to be validated
}

// Control acts on the process.
type Control interface {
	// Stop asks the node to shut down and returns at once.
	Stop()
	// SaveMempool writes the mempool to disk and returns where.
	SaveMempool(ctx context.Context) (string, error)
}

// validate names the first part that is missing.
func (b Backend) validate() error {
	for name, missing := range map[string]bool{
		"Params": b.Params == nil, "Chain": b.Chain == nil, "Disk": b.Disk == nil, "Mempool": b.Mempool == nil, "Own": b.Own == nil,
		"Miner": b.Miner == nil, "Peers": b.Peers == nil, "Kept": b.Kept == nil, "Bans": b.Bans == nil, "Known": b.Known == nil, "Limits": b.Limits == nil,
		"Sync": b.Sync == nil, "Control": b.Control == nil,
		"Tips": b.Tips == nil, "Blocks": b.Blocks == nil, "Outputs": b.Outputs == nil, "Rules": b.Rules == nil, "Templates": b.Templates == nil, "Pool": b.Pool == nil, "Wires": b.Wires == nil, "Logs": b.Logs == nil,
	} {
		if missing {
			return fmt.Errorf("api backend lacks %s", name)
		}
	}
	return nil
}
