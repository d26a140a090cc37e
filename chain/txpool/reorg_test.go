package txpool_test

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
)

// with changes a transaction; none here is signed.
func with(tx *btcutil.Tx, change func(*wire.MsgTx)) *btcutil.Tx {
	m := tx.MsgTx().Copy()
	change(m)
	return btcutil.NewTx(m)
}

// waits fails the test unless exactly these wait, and blocks can hold them all.
func (b *bank) waits(tb testing.TB, want ...*btcutil.Tx) {
	tb.Helper()
	if b.pool.Count() != len(want) {
		tb.Errorf("%d wait, want %d", b.pool.Count(), len(want))
	}
	for i, tx := range want {
		if !b.pool.Have(*tx.Hash()) {
			tb.Errorf("transaction %d is not here", i)
		}
	}
	b.mine(tb, 1)
	if b.pool.Count() != 0 {
		tb.Errorf("%d are left by a block", b.pool.Count())
	}
}

// A relative lock that had passed has not on a branch that confirms the input later;
// what spends from such a transaction goes with it.
func TestReorganisationHoldsBackWhatIsLockedAgain(t *testing.T) {
	b := open(t, 3)
	parent, free := purse.Pay(fee(1000), b.coin()), purse.Pay(fee(1000), b.coin())
	early := with(purse.Pay(fee(1000), purse.Coins(parent)...), func(m *wire.MsgTx) { m.TxIn[0].Sequence = 4 }) // blocks
	fork := b.Tip().Hash
	branch(t, b, fork, time.Second, []*btcutil.Tx{parent}, nil, nil)
	b.refused(t, early, events.NonstandardTx)
	branch(t, b, b.Tip().Hash, time.Second, nil)
	b.submit(t, free, early, purse.Pay(fee(1000), purse.Coins(early)...))
	branch(t, b, fork, time.Second, nil, nil, []*btcutil.Tx{parent}, nil, nil)
	b.waits(t, free)
}

// A time lock that had passed has not on a branch whose clock is behind.
func TestReorganisationHoldsBackWhatTimeLocks(t *testing.T) {
	b := open(t, 3)
	fork := b.Tip()
	branch(t, b, fork.Hash, time.Minute, make([][]*btcutil.Tx, 10)...)
	until := uint32(b.Tip().MedianTime.Unix() - 1) // now, for eighty years yet
	late := with(purse.Pay(fee(1000), b.coin()), func(m *wire.MsgTx) {
		m.LockTime, m.TxIn[0].Sequence = until, wire.MaxTxInSequenceNum-1
	})
	b.submit(t, late)
	never := with(late, func(m *wire.MsgTx) { m.LockTime += 10_000 })
	b.refused(t, never, events.NonstandardTx)
	branch(t, b, fork.Hash, time.Second, make([][]*btcutil.Tx, 11)...)
	b.waits(t)
}

// What spends the coinbase of a block that is no more can never come back.
func TestReorganisationTakesCoinbasesAlong(t *testing.T) {
	b := open(t, 1)
	fork := b.Tip().Hash
	reward := branch(t, b, fork, time.Second, nil)
	branch(t, b, reward, time.Second, make([][]*btcutil.Tx, 99)...)
	spend := purse.Pay(fee(1000), purse.Mined(b.block(t, reward))...)
	b.submit(t, spend, purse.Pay(fee(1000), purse.Coins(spend)...))
	branch(t, b, fork, time.Second, make([][]*btcutil.Tx, 101)...)
	b.waits(t)
}

// What a block held may be longer than a chain may be here: the first part returns.
func TestReorganisationKeepsChainsWithinTheLimit(t *testing.T) {
	b := open(t, 3)
	var long []*btcutil.Tx
	tx := purse.Pay(fee(1000), b.coin())
	for range 40 {
		long = append(long, tx)
		tx = purse.Pay(fee(1000), purse.Coins(tx)...)
	}
	fork := b.Tip().Hash
	branch(t, b, fork, time.Second, long)
	b.submit(t, tx) // on the end of the chain
	reorganise(t, b, fork, 2)
	b.waits(t, long[:25]...)

	// A parent comes back under more children than it may have.
	parent := purse.Pay(purse.Payment{Fee: 10_000, Outputs: 40}, b.coin())
	fork = b.Tip().Hash
	branch(t, b, fork, time.Second, []*btcutil.Tx{parent})
	for _, c := range purse.Coins(parent) {
		child := purse.Pay(fee(1000), c)
		b.submit(t, child, purse.Pay(fee(1000), purse.Coins(child)...))
	}
	reorganise(t, b, fork, 2)
	if b.pool.Count() != 25 || !b.pool.Have(*parent.Hash()) {
		t.Errorf("%d wait, want the parent and 24 that spend from it", b.pool.Count())
	}
	b.mine(t, 1)
}

// The work of a reorganisation is bounded: of blocks beyond 20 MB the highest are
// forgotten, with what spends from them.
func TestLongReorganisationBringsBackTheOldestBlocks(t *testing.T) {
	if testing.Short() {
		t.Skip("25 MB of blocks")
	}
	b := open(t, 251)
	fork := b.Tip().Hash
	var blocks [][]*btcutil.Tx
	var last *btcutil.Tx
	for range 25 {
		var txs []*btcutil.Tx
		for range 10 {
			last = purse.Pay(purse.Payment{Fee: 1_000_000, Padding: 99_000}, b.coin())
			txs = append(txs, last)
		}
		blocks = append(blocks, txs)
	}
	branch(t, b, fork, time.Second, blocks...)
	b.submit(t, purse.Pay(fee(1000), purse.Coins(last)...))
	free := purse.Pay(fee(1000), b.coin())
	b.submit(t, free)
	reorganise(t, b, fork, 26)
	if n := b.pool.Count(); n != 201 || !b.pool.Have(*free.Hash()) {
		t.Errorf("%d wait, want those of 20 blocks and one", n)
	}
	if !b.pool.Have(*blocks[0][0].Hash()) || b.pool.Have(*last.Hash()) {
		t.Error("it is not the oldest blocks that came back")
	}
}

// Row T3: each half of the network keeps what it saw first, until a block decides.
func TestConflictingHalvesAgreeAfterABlock(t *testing.T) {
	left, right := open(t, 1), open(t, 1)
	copyChain(t, left, right)
	c := left.coin()
	mine, yours := purse.Pay(fee(1000), c), purse.Pay(fee(50_000), c)
	left.submit(t, mine, purse.Pay(fee(1000), purse.Coins(mine)...))
	right.submit(t, yours)
	left.refused(t, yours, events.ConflictTx)
	right.refused(t, mine, events.ConflictTx)
	var lost []txpool.Change
	left.pool.Subscribe(func(c txpool.Change) { lost = append(lost, c) })
	block := right.block(t, right.mine(t, 1)[0])
	if err := left.Accept(block); err != nil {
		t.Fatal(err)
	}
	if left.pool.Count() != 0 || right.pool.Count() != 0 {
		t.Errorf("%d and %d wait", left.pool.Count(), right.pool.Count())
	}
	if len(lost) != 2 || lost[0].Why != txpool.Conflict {
		t.Errorf("changes %+v", lost)
	}
	left.refused(t, yours, events.MinedTx)
	right.refused(t, mine, events.OrphanTx)
}

// copyChain makes one chain the other's.
func copyChain(tb testing.TB, from, to *bank) {
	tb.Helper()
	for height := int32(1); height <= from.Tip().Height; height++ {
		hash, _ := from.BlockHash(height)
		if err := to.Accept(from.block(tb, hash)); err != nil {
			tb.Fatal(err)
		}
	}
	for to.Tip().Hash != from.Tip().Hash { // as much work, and first seen stays
		hash := from.mine(tb, 1)[0]
		if err := to.Accept(from.block(tb, hash)); err != nil {
			tb.Fatal(err)
		}
	}
}
