package chaingen

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Builder makes blocks one by one, on any block that it made. The same calls on
// the same seed give the same blocks. It remembers every block and is not safe for
// concurrent use; a misuse panics, because only tests use it.
//
// A [btcutil.Block] caches what it computes, also unsafely: give each node its own
// by [Copy].
type Builder struct {
	params *chaincfg.Params
	wallet *wallet
	label  label // its branch counts blocks, so that no two are equal
	blocks map[chainhash.Hash]*btcutil.Block
	coins  map[chainhash.Hash][]coin // of coinbases, by block
	tip    *btcutil.Block
	next   time.Time // of the next block; zero = a step after its parent
}

// NewBuilder returns a builder whose tip is the network's genesis block: simnet's
// or regtest's.
func NewBuilder(params *chaincfg.Params, seed uint64) *Builder {
	if err := Small(1).Validate(params); err != nil {
		panic(fmt.Sprintf("chaingen: %v", err))
	}
	genesis := btcutil.NewBlock(params.GenesisBlock)
	genesis.SetHeight(0)
	return &Builder{
		params: params,
		wallet: newWallet(seed),
		label:  label{seed: seed},
		blocks: map[chainhash.Hash]*btcutil.Block{*params.GenesisHash: genesis},
		coins:  make(map[chainhash.Hash][]coin),
		tip:    genesis,
		next:   firstTime(params, defaultStep),
	}
}

// Tip returns the block on which the next one goes.
func (b *Builder) Tip() *btcutil.Block { return b.tip }

// Block returns a block that the builder made, or nil.
func (b *Builder) Block(hash chainhash.Hash) *btcutil.Block { return b.blocks[hash] }

// At returns the block of a height on the tip's branch.
func (b *Builder) At(height int32) *btcutil.Block {
	if height < 0 || height > b.tip.Height() {
		panic(fmt.Sprintf("chaingen: no block at height %d, the tip is at %d", height, b.tip.Height()))
	}
	block := b.tip
	for block.Height() > height {
		block = b.parent(block)
	}
	return block
}

// Chain returns the tip's branch in ascending order, from height 1 on.
func (b *Builder) Chain() []*btcutil.Block {
	chain := make([]*btcutil.Block, b.tip.Height())
	for block := b.tip; block.Height() > 0; block = b.parent(block) {
		chain[block.Height()-1] = block
	}
	return chain
}

// Fork makes the block of that height on the tip's branch the tip: the next block
// competes with those above it.
func (b *Builder) Fork(height int32) { b.tip = b.At(height) }

// Switch makes any block that the builder made the tip.
func (b *Builder) Switch(hash chainhash.Hash) {
	block := b.Block(hash)
	if block == nil {
		panic(fmt.Sprintf("chaingen: block %v is not of this builder", hash))
	}
	b.tip = block
}

// SetTime sets the next block's time, in whole seconds. Those after it follow in
// the usual steps. Simnet retargets every 2,016 blocks: steps that are shorter on
// average make it refuse the block there.
func (b *Builder) SetTime(t time.Time) { b.next = t.Truncate(time.Second) }

// NextBlock makes a block with the given transactions, in this order, and moves the
// tip to it. Fees are left to nobody. What the transactions do is not checked.
func (b *Builder) NextBlock(txs ...*wire.MsgTx) *btcutil.Block {
	b.tip = b.build(0, txs)
	return b.tip
}

// Extend makes n blocks without transactions and returns them.
func (b *Builder) Extend(n int) []*btcutil.Block {
	blocks := make([]*btcutil.Block, n)
	for i := range blocks {
		blocks[i] = b.NextBlock()
	}
	return blocks
}

// Spend returns n transactions for the next block: each spends one mature coinbase
// output of the tip's branch, oldest first, to two of our own keys. Outputs of all
// three kinds take turns; before [ActiveFrom] only P2PKH is spent. Each block has
// one of each kind, so that there is plenty some blocks after height 100.
func (b *Builder) Spend(n int) []*wire.MsgTx {
	coins := b.spendable()
	if len(coins) < n {
		panic(fmt.Sprintf("chaingen: at height %d there are %d coins to spend, not %d", b.tip.Height(), len(coins), n))
	}
	txs := make([]*wire.MsgTx, n)
	for i := range txs {
		txs[i] = b.pay(coins[i], coins[i].value-fee)
	}
	return txs
}

// spendable returns what the next block may spend, oldest first.
func (b *Builder) spendable() []coin {
	height := b.tip.Height() + 1
	active := height >= ActiveFrom(b.params)
	spent := make(map[wire.OutPoint]bool)
	for _, block := range b.Chain() {
		for _, tx := range block.MsgBlock().Transactions {
			for _, in := range tx.TxIn {
				spent[in.PreviousOutPoint] = true
			}
		}
	}
	var coins []coin
	for _, block := range b.Chain() {
		if height-block.Height() < int32(b.params.CoinbaseMaturity) {
			break
		}
		for _, c := range b.coins[*block.Hash()] {
			if !spent[c.at] && (active || c.kind == p2pkh) {
				coins = append(coins, c)
			}
		}
	}
	return coins
}

// pay spends the coin to two of our own outputs, whatever it is worth.
func (b *Builder) pay(c coin, value int64) *wire.MsgTx {
	tx := wire.NewMsgTx(txVersion)
	tx.AddTxIn(wire.NewTxIn(&c.at, nil, nil))
	tx.AddTxOut(b.wallet.output(coin{value: value - value/2, key: c.key + 1, kind: p2wpkh}))
	tx.AddTxOut(b.wallet.output(coin{value: value / 2, key: c.key + 2, kind: p2tr}))
	b.sign(tx, c)
	return tx
}

func (b *Builder) sign(tx *wire.MsgTx, spent ...coin) {
	if err := b.wallet.sign(tx, spent); err != nil {
		panic(fmt.Sprintf("chaingen: %v", err))
	}
}

// build makes a block on the tip whose coinbase takes so much more than the subsidy,
// and leaves the tip where it is.
func (b *Builder) build(extra int64, txs []*wire.MsgTx) *btcutil.Block {
	at := place{parent: *b.tip.Hash(), height: b.tip.Height() + 1, time: b.next}
	if at.time.IsZero() {
		at.time = b.tip.MsgBlock().Header.Timestamp.Add(defaultStep)
	}
	b.next = time.Time{}
	b.label.branch++
	coinbase := newCoinbase(at.height, b.label)
	value := blockchain.CalcBlockSubsidy(at.height, b.params) + extra
	var coins []coin
	for k := range kind(kinds) {
		c := coin{value: value / kinds, key: uint8(b.label.branch), kind: k}
		if k == 0 {
			c.value += value % kinds
		}
		coins = append(coins, c)
		coinbase.AddTxOut(b.wallet.output(c))
	}
	wrapped := make([]*btcutil.Tx, len(txs))
	for i, tx := range txs {
		wrapped[i] = btcutil.NewTx(tx)
	}
	block, err := assemble(at, coinbase, wrapped)
	if err != nil {
		panic(fmt.Sprintf("chaingen: %v", err))
	}
	b.blocks[*block.Hash()] = block
	b.coins[*block.Hash()] = placed(coins, coinbase.TxHash())
	return block
}

func (b *Builder) parent(block *btcutil.Block) *btcutil.Block {
	return b.blocks[block.MsgBlock().Header.PrevBlock]
}

// Copy returns a block of the same bytes and height that shares nothing with the
// original.
func Copy(block *btcutil.Block) *btcutil.Block {
	raw, err := block.Bytes()
	if err != nil {
		panic(fmt.Sprintf("chaingen: encode block: %v", err))
	}
	decoded, err := btcutil.NewBlockFromBytes(append([]byte(nil), raw...))
	if err != nil {
		panic(fmt.Sprintf("chaingen: decode block: %v", err))
	}
	decoded.SetHeight(block.Height())
	return decoded
}
