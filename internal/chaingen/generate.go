package chaingen

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"golang.org/x/sync/errgroup"
)

const (
	// maxInputs of one transaction; the rest of a block's go to others.
	maxInputs = 8

	// minOutputs of one transaction: a payment and its change.
	minOutputs = 2

	// fee of a transaction in satoshi, where it has that much to give.
	fee = 1000

	// funders is how many of the first coinbases are split into enough coins for a
	// whole block, so that later blocks choose among old and new ones.
	funders = 4
)

// Generate makes the chain and hands its blocks, from height 1 on, to emit, which
// may keep them. The same network, seed and shape give the same bytes. Memory is
// bounded but for the coins that can be spent, about 100 bytes each. Signing uses
// every core.
func Generate(params *chaincfg.Params, seed uint64, shape Shape, emit func(*btcutil.Block) error) error {
	if err := shape.Validate(params); err != nil {
		return fmt.Errorf("generate %s: %w", shape.Name, err)
	}
	g := newGenerator(params, seed, shape)
	for range shape.Blocks {
		block, err := g.next()
		if err != nil {
			return fmt.Errorf("generate %s: %w", shape.Name, err)
		}
		if err := emit(block); err != nil {
			return err
		}
	}
	return nil
}

// generator holds what the next block depends on.
type generator struct {
	params *chaincfg.Params
	shape  Shape
	label  label
	wallet *wallet
	rand   *rand.Rand
	filler *rand.ChaCha8 // apart from rand, whose order of draws against Read is nowhere promised

	at       place
	coins    []coin   // to be spent now
	maturing [][]coin // of the last 100 coinbases, oldest first
	written  int64    // bytes of all blocks so far
}

func newGenerator(params *chaincfg.Params, seed uint64, shape Shape) *generator {
	shape = shape.withTimes(params)
	return &generator{
		params: params,
		shape:  shape,
		label:  label{seed: seed},
		wallet: newWallet(seed),
		rand:   rand.New(source(seed, "choices")),
		filler: source(seed, "filler"),
		at:     place{parent: *params.GenesisHash, height: 1, time: shape.Start},
	}
}

// source of chance for one use.
func source(seed uint64, use string) *rand.ChaCha8 {
	return rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64([]byte(use), seed)))
}

// draft is a transaction before it is signed.
type draft struct {
	tx      *wire.MsgTx
	spent   []coin
	created []coin // in the order of the first outputs; the transaction's hash is still missing
	fee     int64
}

func (g *generator) next() (*btcutil.Block, error) {
	drafts := g.draft()
	coinbase, created := g.coinbase(drafts)
	g.fill(coinbase, drafts)
	txs, err := g.sign(drafts)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", g.at.height, err)
	}
	block, err := assemble(g.at, coinbase, txs)
	if err != nil {
		return nil, err
	}
	for i, d := range drafts {
		g.coins = append(g.coins, placed(d.created, *txs[i].Hash())...)
	}
	g.advance(block, placed(created, coinbase.TxHash()))
	return block, nil
}

// share returns how many of rate per 1,000 belong to this block, so that the sum
// over all blocks is exact.
func (g *generator) share(rate int) int {
	n := max(0, int(g.at.height)-firstSpend+1)
	return rate*n/perBlocks - rate*max(0, n-1)/perBlocks
}

// draft plans the block's transactions. All of them spend coins of earlier blocks,
// so that they can be signed at the same time.
func (g *generator) draft() []draft {
	n := g.share(g.shape.Txs)
	if n == 0 {
		return nil
	}
	inputs := make([]int, n)
	for i := range inputs {
		inputs[i] = 1
	}
	for range g.share(g.shape.Inputs) - n {
		inputs[g.withRoom(inputs)]++
	}
	drafts := make([]draft, n)
	for i := range drafts {
		drafts[i] = g.spend(inputs[i])
	}
	return drafts
}

// withRoom draws a transaction that has fewer inputs than [maxInputs]; where next to
// all are full, any.
func (g *generator) withRoom(inputs []int) int {
	const tries = 16
	i := 0
	for range tries {
		if i = g.rand.IntN(len(inputs)); inputs[i] < maxInputs {
			break
		}
	}
	return i
}

func (g *generator) spend(inputs int) draft {
	d := draft{tx: wire.NewMsgTx(txVersion)}
	var sum int64
	for range inputs {
		c := g.take()
		sum += c.value
		d.spent = append(d.spent, c)
		d.tx.AddTxIn(wire.NewTxIn(&c.at, nil, nil))
	}
	if sum > 2*fee {
		d.fee = fee
	}
	outputs := int64(max(inputs, minOutputs)) // never fewer: the coins must not run out
	value := (sum - d.fee) / outputs
	for i := range outputs {
		c := g.newCoin(value)
		if i == 0 {
			c.value = sum - d.fee - value*(outputs-1)
		}
		d.created = append(d.created, c)
		d.tx.AddTxOut(g.wallet.output(c))
	}
	return d
}

// take removes a coin, drawn among old and new alike.
func (g *generator) take() coin {
	i, last := g.rand.IntN(len(g.coins)), len(g.coins)-1
	c := g.coins[i]
	g.coins[i] = g.coins[last]
	g.coins = g.coins[:last]
	return c
}

// newCoin draws key and kind. Before segwit is active, its outputs would be
// anybody's.
func (g *generator) newCoin(value int64) coin {
	c := coin{value: value, key: uint8(g.rand.IntN(keyCount))}
	if g.at.height >= ActiveFrom(g.params) {
		c.kind = kind(g.rand.IntN(kinds))
	}
	return c
}

// coinbase pays subsidy and fees to the wallet: in one output, or in many where the
// chain needs coins to begin with.
func (g *generator) coinbase(drafts []draft) (*wire.MsgTx, []coin) {
	value := blockchain.CalcBlockSubsidy(g.at.height, g.params)
	for _, d := range drafts {
		value += d.fee
	}
	outputs := int64(1)
	if g.at.height <= funders {
		outputs += int64(g.shape.Inputs/perBlocks + 1)
	}
	tx := newCoinbase(g.at.height, g.label)
	var created []coin
	for range outputs {
		c := g.newCoin(value / outputs)
		created = append(created, c)
		tx.AddTxOut(g.wallet.output(c))
	}
	return tx, created
}

// sign signs on every core. What a signature is does not depend on who makes it
// when.
func (g *generator) sign(drafts []draft) ([]*btcutil.Tx, error) {
	txs := make([]*btcutil.Tx, len(drafts))
	var next atomic.Int64
	var group errgroup.Group
	for range min(runtime.GOMAXPROCS(0), len(drafts)) {
		group.Go(func() error { // ends when no draft is left
			for {
				i := int(next.Add(1)) - 1
				if i >= len(drafts) {
					return nil
				}
				if err := g.wallet.sign(drafts[i].tx, drafts[i].spent); err != nil {
					return err
				}
				txs[i] = btcutil.NewTx(drafts[i].tx)
				txs[i].Hash()
				txs[i].WitnessHash()
			}
		})
	}
	return txs, group.Wait()
}

// advance moves to the next height, at which another coinbase is mature.
func (g *generator) advance(block *btcutil.Block, coinbase []coin) {
	g.maturing = append(g.maturing, coinbase)
	if len(g.maturing) >= int(g.params.CoinbaseMaturity) {
		g.coins = append(g.coins, g.maturing[0]...)
		g.maturing = g.maturing[1:]
	}
	g.written += int64(block.MsgBlock().SerializeSize())
	g.at = place{parent: *block.Hash(), height: g.at.height + 1, time: g.at.time.Add(g.shape.Step)}
}

// placed tells the coins where they are: the first outputs of the transaction.
func placed(coins []coin, tx chainhash.Hash) []coin {
	for i := range coins {
		coins[i].at = wire.OutPoint{Hash: tx, Index: uint32(i)}
	}
	return coins
}
