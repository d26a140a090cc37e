package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
)

// fake is a node in memory: a real header tree, blocks that nobody validates.
type fake struct {
	mu      sync.Mutex
	params  *chaincfg.Params
	tree    *headertree.Tree
	tip     Tip
	blocks  map[chainhash.Hash][]byte
	tips    map[chainhash.Hash]struct{}
	usage   Usage
	pending []Pending
	own     []OwnTx
	index   map[chainhash.Hash]chainhash.Hash // txid → block
	refusal error                             // of the next SubmitTx or SubmitBlock
	limit   btcutil.Amount                    // of the last SubmitTx
	payTo   []byte                            // of the last Mine
	peers   []Peer
	kept    []peer.AddrInfo
	dialled []peer.ID
	cut     []peer.ID
	bans    []Ban
	reach   Reach
	known   []KnownPeer
	stopped int
	onStop  func()
	syncing bool
	inside  chan struct{} // if not nil, Mine waits for it

	reading  func()        // if not nil, what reading a block does besides
	moved    chan struct{} // closed and replaced with each new tip
	spends   map[wire.OutPoint]chain.Output
	filters  bool
	verified [2]int // level and depth of the last Verify
	counted  int    // calls of CountUnspent
	proposed error
	pings    int
	shut     bool
	fetched  []chainhash.Hash
	level    slog.LevelVar
}

func newFake(params *chaincfg.Params) *fake {
	f := &fake{
		params: params,
		tree:   headertree.New(params),
		tip:    Tip{Hash: *params.GenesisHash, Txs: 1},
		blocks: make(map[chainhash.Hash][]byte),
		tips:   map[chainhash.Hash]struct{}{*params.GenesisHash: {}},
		index:  make(map[chainhash.Hash]chainhash.Hash),
		moved:  make(chan struct{}),
		spends: make(map[wire.OutPoint]chain.Output),
	}
	f.blocks[*params.GenesisHash] = encode(params.GenesisBlock)
	return f
}

func (f *fake) backend() Backend {
	return Backend{
		Params: f.params, Chain: fakeChain{f}, Disk: f, Mempool: f, Own: f, Miner: f, Peers: f, Kept: fakeKept{f},
		Bans: fakeBans{f}, Known: fakeKnown{f}, Limits: f, Sync: f, Control: f, Metrics: prometheus.NewRegistry(),
		Tips: f, Blocks: f, Outputs: f, Rules: f, Templates: f, Pool: fakePool{f}, Wires: f, Logs: &f.level,
	}
}

func encode(msg interface{ Serialize(io.Writer) error }) []byte {
	var raw bytes.Buffer
	if err := msg.Serialize(&raw); err != nil {
		panic(err)
	}
	return raw.Bytes()
}

// next builds a block on parent. The salt tells branches apart.
func (f *fake) next(parent chainhash.Hash, payTo []byte, salt byte, txs ...*wire.MsgTx) *btcutil.Block {
	before, _ := f.tree.Lookup(parent)
	height := before.Height + 1
	script, err := txscript.NewScriptBuilder().AddInt64(int64(height)).AddData([]byte{salt, 0}).Script()
	if err != nil {
		panic(err)
	}
	coinbase := wire.NewMsgTx(2)
	coinbase.AddTxIn(&wire.TxIn{PreviousOutPoint: wire.OutPoint{Index: 0xffffffff}, SignatureScript: script, Sequence: 0xffffffff})
	coinbase.AddTxOut(wire.NewTxOut(50*btcutil.SatoshiPerBitcoin, payTo))
	msg := wire.NewMsgBlock(&wire.BlockHeader{
		Version: 0x20000000, PrevBlock: parent, Bits: f.params.PowLimitBits,
		Timestamp: before.Header.Timestamp.Add(10 * time.Minute),
	})
	for _, tx := range append([]*wire.MsgTx{coinbase}, txs...) {
		if err := msg.AddTransaction(tx); err != nil {
			panic(err)
		}
	}
	msg.Header.MerkleRoot = blockchain.CalcMerkleRoot(btcutil.NewBlock(msg).Transactions(), false)
	for hash := msg.BlockHash(); blockchain.HashToBig(&hash).Cmp(f.params.PowLimit) > 0; hash = msg.BlockHash() {
		msg.Header.Nonce++
	}
	return btcutil.NewBlock(msg)
}

// connect adds a block; a main one becomes the tip. The clock is that of 2030: in a
// synctest bubble it is 2000, before any genesis.
func (f *fake) connect(b *btcutil.Block, main bool) {
	if _, err := f.tree.Add(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), []wire.BlockHeader{b.MsgBlock().Header}); err != nil {
		panic(err)
	}
	f.blocks[*b.Hash()] = encode(b.MsgBlock())
	delete(f.tips, b.MsgBlock().Header.PrevBlock)
	f.tips[*b.Hash()] = struct{}{}
	for _, tx := range b.Transactions() {
		f.index[*tx.Hash()] = *b.Hash()
	}
	if main {
		f.tip = Tip{Hash: *b.Hash(), Height: f.tip.Height + 1, Txs: f.tip.Txs + uint64(len(b.Transactions()))}
		close(f.moved)
		f.moved = make(chan struct{})
	}
}

// grow mines n empty blocks on the tip.
func (f *fake) grow(n int) *fake {
	for range n {
		f.connect(f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0), true)
	}
	return f
}

// fakeChain and fakeKept exist because the interfaces share method names.
type fakeChain struct{ *fake }

func (c fakeChain) Headers() *headertree.Tree { return c.tree }
func (c fakeChain) Tip() Tip                  { c.mu.Lock(); defer c.mu.Unlock(); return c.tip }
func (c fakeChain) Tips() []chainhash.Hash {
	var all []chainhash.Hash
	for h := range c.tips {
		all = append(all, h)
	}
	return all
}

func (c fakeChain) HaveBlock(h chainhash.Hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.blocks[h]
	return ok
}

func (c fakeChain) RawBlock(h chainhash.Hash) ([]byte, error) {
	if c.reading != nil {
		c.reading()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, ok := c.blocks[h]
	if !ok {
		return nil, errors.New("no such block")
	}
	return bytes.Clone(raw), nil
}

func (f *fake) Usage() Usage       { return f.usage }
func (f *fake) Pending() []Pending { f.mu.Lock(); defer f.mu.Unlock(); return f.pending }

func (f *fake) FindTx(txid chainhash.Hash) ([]byte, chainhash.Hash, error) {
	for _, p := range f.pending {
		if *p.Tx.Hash() == txid {
			return encode(p.Tx.MsgTx()), chainhash.Hash{}, nil
		}
	}
	block, ok := f.index[txid]
	if !ok || !f.usage.TxIndex {
		return nil, chainhash.Hash{}, ErrNotFound
	}
	b, err := btcutil.NewBlockFromBytes(f.blocks[block])
	if err != nil {
		return nil, block, err
	}
	for _, tx := range b.Transactions() {
		if *tx.Hash() == txid {
			return encode(tx.MsgTx()), block, nil
		}
	}
	return nil, block, ErrNotFound
}

func (f *fake) SubmitTx(tx *btcutil.Tx, limit btcutil.Amount) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = limit
	if f.refusal != nil {
		return f.refusal
	}
	f.pending = append(f.pending, Pending{Tx: tx, Fee: 1000, Added: time.Now(), Height: f.tip.Height})
	return nil
}

func (f *fake) CheckTx(tx *btcutil.Tx) (btcutil.Amount, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return 1000, int64(tx.MsgTx().SerializeSize()), f.refusal
}

func (f *fake) Limits() MempoolLimits {
	return MempoolLimits{Memory: 5000, MaxMemory: 300_000_000, MinFee: 2000, MinRelayFee: 1000, Incremental: 1000}
}

func (f *fake) OwnTxs() []OwnTx { f.mu.Lock(); defer f.mu.Unlock(); return slices.Clone(f.own) }

func (f *fake) OwnTx(txid chainhash.Hash) (OwnTx, bool) {
	for _, o := range f.OwnTxs() {
		if *o.Tx.Hash() == txid {
			return o, true
		}
	}
	return OwnTx{}, false
}

func (f *fake) AbortTx(txid chainhash.Hash) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, o := range f.own {
		if *o.Tx.Hash() == txid && o.inStem() {
			f.own[i].State = "dropped"
			return true
		}
	}
	return false
}

func (f *fake) SaveMempool(context.Context) (string, error) { return "/data/store", f.refusal }

func (f *fake) Mine(ctx context.Context, payTo []byte, n int) ([]chainhash.Hash, error) {
	if f.inside != nil {
		select {
		case <-f.inside:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.payTo = payTo
	if payTo == nil {
		payTo = []byte{txscript.OP_TRUE}
	}
	var hashes []chainhash.Hash
	for range n {
		b := f.next(f.tip.Hash, payTo, 0)
		f.connect(b, true)
		hashes = append(hashes, *b.Hash())
	}
	return hashes, nil
}

func (f *fake) SubmitBlock(b *btcutil.Block) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return f.refusal
	}
	f.connect(b, true)
	return nil
}

func (f *fake) Connected() []Peer { return f.peers }
func (f *fake) Dial(_ context.Context, info peer.AddrInfo) error {
	f.dialled = append(f.dialled, info.ID)
	return f.refusal
}

func (f *fake) Disconnect(id peer.ID) bool {
	for _, p := range f.peers {
		if p.ID == id {
			f.cut = append(f.cut, id)
			return true
		}
	}
	return false
}

func (f *fake) Network() Network {
	return Network{
		ID: ids()[2], Version: 100, Agent: "pappus/0.1", Services: 1, RelayFee: 1000, Reach: f.reach,
		Listen: []multiaddr.Multiaddr{
			multiaddr.StringCast("/ip4/127.0.0.1/tcp/8477"), multiaddr.StringCast("/ip4/127.0.0.1/udp/8477/quic-v1"),
		},
	}
}

func (f *fake) Progress() Progress {
	return Progress{Syncing: f.syncing, Peers: len(f.peers), Blocks: f.tip.Height, Headers: f.tree.Best().Height, ETA: 90 * time.Second}
}

func (f *fake) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped++
	if f.onStop != nil {
		f.onStop()
	}
}

func (f *fake) stops() int { f.mu.Lock(); defer f.mu.Unlock(); return f.stopped }

type fakeKept struct{ *fake }

func (k fakeKept) Add(info peer.AddrInfo) error {
	if k.refusal != nil {
		return k.refusal
	}
	k.kept = append(k.kept, info)
	return nil
}

func (k fakeKept) Remove(id peer.ID) bool {
	for i, info := range k.kept {
		if info.ID == id {
			k.kept = append(k.kept[:i:i], k.kept[i+1:]...)
			return true
		}
	}
	return false
}

func (k fakeKept) Kept() []peer.AddrInfo { return k.kept }

// fakeBans takes every subject but "nonsense".
type fakeBans struct{ *fake }

func (b fakeBans) Ban(subject string, until time.Time) error {
	if subject == "nonsense" {
		return ErrBadSubject
	}
	if slices.ContainsFunc(b.bans, func(x Ban) bool { return x.Subject == subject }) {
		return ErrBanned
	}
	b.bans = append(b.bans, Ban{Subject: subject, From: time.Now(), Until: until, Reason: "requested", Manual: true})
	return b.refusal
}

func (b fakeBans) Unban(subject string) (bool, error) {
	if subject == "nonsense" {
		return false, ErrBadSubject
	}
	before := len(b.bans)
	b.bans = slices.DeleteFunc(slices.Clone(b.bans), func(x Ban) bool { return x.Subject == subject })
	return len(b.bans) < before, nil
}

func (b fakeBans) Bans() []Ban { return b.bans }

func (b fakeBans) Standing(subject string) (Standing, error) {
	if subject == "nonsense" {
		return Standing{}, ErrBadSubject
	}
	s := Standing{Subject: subject, Points: 60, Limit: 100, Charges: []Charge{{time.Unix(1700000000, 0), "malformed", 30}}, Connected: true}
	if len(b.bans) > 0 {
		s.Ban, s.Left = &b.bans[0], &Departure{time.Unix(1700000001, 0), "malformed"}
	}
	return s, nil
}

func (f *fake) Bounds() []Limit {
	return []Limit{{Name: "inbound", Value: 114, Unit: "links", By: "pappus", Origin: "--max-peers"}}
}

// fakeKnown learns all but the third id.
type fakeKnown struct{ *fake }

func (k fakeKnown) Known(after peer.ID, most int) []KnownPeer {
	var all []KnownPeer
	for _, p := range k.known {
		if p.ID > after && len(all) < most {
			all = append(all, p)
		}
	}
	return all
}

func (k fakeKnown) Count() KnownCount { return KnownCount{NewIPv4: 3, TriedIPv4: 2, NewIPv6: 1} }

func (k fakeKnown) Learn(p KnownPeer) (bool, error) {
	if p.ID == ids()[2] {
		return false, errors.New("it is this node itself")
	}
	if slices.ContainsFunc(k.known, func(x KnownPeer) bool { return x.ID == p.ID }) {
		return false, nil
	}
	k.known = append(k.known, p)
	return true, nil
}

// ids are valid peer ids: identity multihashes of made-up ed25519 keys.
func ids() [3]peer.ID {
	var all [3]peer.ID
	for i := range all {
		key := append([]byte{0x08, 0x01, 0x12, 0x20}, bytes.Repeat([]byte{byte(i + 1)}, 32)...)
		all[i] = peer.ID(append([]byte{0x00, byte(len(key))}, key...))
	}
	return all
}

// spend is a transaction that nobody validates, with a witness.
func spend(of chainhash.Hash, value int64) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{PreviousOutPoint: wire.OutPoint{Hash: of}, Sequence: 0xfffffffd, Witness: wire.TxWitness{{1, 2, 3}, {4}}})
	tx.AddTxOut(wire.NewTxOut(value, append([]byte{txscript.OP_0, 20}, make([]byte, 20)...)))
	return tx
}
