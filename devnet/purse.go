package devnet

import (
	"cmp"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	// fee of a payment, in satoshi: 226 bytes at 4 satoshi each.
	fee = 1000
	// dust is the least that is worth an output: 546, rounded up.
	dust = 1000
	// coinValue is what each of the first coins is worth, and coinsEach how many a node
	// gets: so many payments it can send between two blocks.
	coinValue = 1_000_000
	coinsEach = 10
)

// coin is an output that one of our keys may spend.
type coin struct {
	at    wire.OutPoint
	value int64
	owner string // name of the key
	from  int32  // height from which on it may be spent
	order uint64 // in which it was found
}

// purse knows the coins of all keys, as blocks tell of them. What it hands out it forgets:
// the change comes back with a block. Blocks of branches that lost may leave coins that do
// not exist; nodes refuse them. It is safe for concurrent use.
type purse struct {
	params *chaincfg.Params

	mu      sync.Mutex
	owners  map[string]string // script → name
	coins   map[wire.OutPoint]coin
	blocks  map[chainhash.Hash]bool // that were read
	counter uint64
}

func newPurse(params *chaincfg.Params) *purse {
	return &purse{
		params: params, owners: make(map[string]string), coins: make(map[wire.OutPoint]coin), blocks: make(map[chainhash.Hash]bool),
	}
}

// own has the purse look for what a key may spend, in blocks from now on.
func (p *purse) own(name string, k *key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owners[string(k.script)] = name
}

// read takes what a block tells, once.
func (p *purse) read(b *btcutil.Block, height int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocks[*b.Hash()] {
		return
	}
	p.blocks[*b.Hash()] = true
	for i, tx := range b.Transactions() {
		from := height
		if i == 0 {
			from += int32(p.params.CoinbaseMaturity) // 100
		} else {
			for _, in := range tx.MsgTx().TxIn {
				delete(p.coins, in.PreviousOutPoint)
			}
		}
		for n, out := range tx.MsgTx().TxOut {
			if owner, ours := p.owners[string(out.PkScript)]; ours {
				p.counter++
				at := wire.OutPoint{Hash: *tx.Hash(), Index: uint32(n)} // few
				p.coins[at] = coin{at: at, value: out.Value, owner: owner, from: from, order: p.counter}
			}
		}
	}
}

// take hands out the oldest coin of an owner that may be spent in a block after height and
// is worth at least so much.
func (p *purse) take(owner string, height int32, least int64) (coin, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []coin
	for _, c := range p.coins {
		if c.owner == owner && c.from <= height+1 && c.value >= least {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return coin{}, false
	}
	first := slices.MinFunc(all, func(a, b coin) int { return cmp.Compare(a.order, b.order) })
	delete(p.coins, first.at)
	return first, true
}

// back returns a coin that was not spent; it is now the last in turn.
func (p *purse) back(c coin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counter++
	c.order = p.counter
	p.coins[c.at] = c
}

// count is how many coins an owner has that may be spent in a block after height.
func (p *purse) count(owner string, height int32) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.coins {
		if c.owner == owner && c.from <= height+1 {
			n++
		}
	}
	return n
}

// payment spends a coin: so much each to the scripts, the rest but for the fee to change.
func payment(c coin, each int64, to [][]byte, change []byte) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(&c.at, nil, nil))
	rest := c.value - fee
	for _, script := range to {
		tx.AddTxOut(wire.NewTxOut(each, script))
		rest -= each
	}
	if rest >= dust {
		tx.AddTxOut(wire.NewTxOut(rest, change))
	}
	return tx
}
