package txpool_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
)

// orphan fails the test unless the pool keeps the transaction as an orphan.
func (b *bank) orphan(tb testing.TB, tx *btcutil.Tx, from string) {
	tb.Helper()
	_, err := b.pool.Submit(b.now, tx, from)
	if refused, ok := errors.AsType[*txpool.RejectError](err); !ok || refused.Reason != events.OrphanTx {
		tb.Fatalf("%v, want an orphan", err)
	}
}

// What two peers have sent stays as long as one of them is here, and a copy with a
// spoilt witness does not shadow the real one.
func TestOrphansBelongToAllWhoSentThem(t *testing.T) {
	b := open(t, 2)
	parent := purse.Pay(fee(1000), b.coin())
	child := purse.Pay(fee(1000), purse.Coins(parent)...)
	spoilt := child.MsgTx().Copy()
	spoilt.TxIn[0].Witness = wire.TxWitness{{1}}
	b.orphan(t, btcutil.NewTx(spoilt), "villain")
	b.orphan(t, child, "villain")
	b.orphan(t, child, "honest")
	b.pool.Leave("villain")
	taken, err := b.pool.Submit(b.now, parent, "honest")
	if err != nil || len(taken) != 2 || taken[1] != child {
		t.Errorf("%d taken, %v; want the parent and its child", len(taken), err)
	}
}

// Row T5: orphans that are no good, on one parent, cost others neither their orphans
// nor their turn, and one message no more than a bounded number of validations.
func TestOrphansAreTriedInTurns(t *testing.T) {
	b := open(t, 12)
	parent := purse.Pay(purse.Payment{Fee: 5000, Outputs: 200}, b.coin())
	coins := purse.Coins(parent)
	for i := range 100 { // pay more than they have
		b.orphan(t, purse.Pay(fee(-1), coins[i]), "villain")
	}
	for i := range 3 {
		b.orphan(t, purse.Pay(fee(1000), coins[100+i]), "friend")
	}
	good := purse.Pay(fee(1000), coins[150])
	b.orphan(t, good, "honest")
	taken, err := b.pool.Submit(b.now, parent, "honest")
	if err != nil || len(taken) != 5 || taken[1] != good && taken[2] != good {
		t.Fatalf("%d taken, %v; want the parent and four", len(taken), err)
	}
}

// One sender's many good ones come home over the next messages, whatever these bring.
func TestOrphansComeHomeOverSeveralMessages(t *testing.T) {
	b := open(t, 12, func(c *txpool.Config) { c.MaxChain = 100 })
	parent := purse.Pay(purse.Payment{Fee: 10_000, Outputs: 60}, b.coin())
	for _, c := range purse.Coins(parent) {
		b.orphan(t, purse.Pay(fee(1000), c), "peer")
	}
	var home []int
	taken, err := b.pool.Submit(b.now, parent, "peer")
	if err != nil {
		t.Fatal(err)
	}
	home = append(home, len(taken)-1)
	for range 3 {
		low := purse.Pay(fee(1), b.coin())
		taken, err := b.pool.Submit(b.now, low, "other")
		if err == nil {
			t.Fatal("a transaction without a fee was taken")
		}
		home = append(home, len(taken))
	}
	if want := []int{25, 25, 10, 0}; !slices.Equal(home, want) {
		t.Errorf("%v came home, want %v", home, want)
	}
}

// Who leaves before its turn takes along only what nobody else has sent.
func TestReadyOrphansSurviveTheirFirstSender(t *testing.T) {
	b := open(t, 2)
	parent := purse.Pay(purse.Payment{Fee: 10_000, Outputs: 60}, b.coin())
	coins := purse.Coins(parent)
	for _, c := range coins[:40] {
		b.orphan(t, purse.Pay(fee(-1), c), "villain")
	}
	good := purse.Pay(fee(1000), coins[50])
	b.orphan(t, good, "villain")
	b.orphan(t, good, "honest")
	b.submit(t, parent)
	if b.pool.Have(*good.Hash()) {
		t.Fatal("it was not the last: the test tells nothing")
	}
	b.pool.Leave("villain")
	taken, err := b.pool.Submit(b.now, parent, "honest")
	if reason(err) != events.KnownTx || len(taken) != 0 {
		t.Errorf("%d taken, %v", len(taken), err)
	}
	if taken := b.pool.Adopt(b.now, b.block(t, b.Tip().Hash)); len(taken) != 1 || taken[0] != good {
		t.Errorf("%d taken after the sender has left", len(taken))
	}
}

// An orphan that waits for two parents is looked at when both are here.
func TestOrphanOfTwoParents(t *testing.T) {
	b := open(t, 3)
	one, two := purse.Pay(fee(1000), b.coin()), purse.Pay(fee(1000), b.coin())
	child := purse.Pay(fee(1000), purse.Coins(one, two)...)
	b.orphan(t, child, "peer")
	if taken, err := b.pool.Submit(b.now, one, "peer"); err != nil || len(taken) != 1 {
		t.Fatalf("%d taken, %v", len(taken), err)
	}
	// The second one comes by a block.
	hashes := b.mineWith(t, two)
	if taken := b.pool.Adopt(b.now, b.block(t, hashes)); len(taken) != 1 || taken[0] != child {
		t.Errorf("%d taken by the block", len(taken))
	}
}

// An orphan of what has just been rejected is not kept.
func TestOrphanOfARejectedParentIsNotKept(t *testing.T) {
	b := open(t, 2)
	bad := purse.Pay(fee(-1), b.coin())
	b.refused(t, bad, events.InvalidTx)
	if !b.pool.Rejected(*bad.WitnessHash()) {
		t.Error("the parent is not remembered")
	}
	child := purse.Pay(fee(1000), purse.Coins(bad)...)
	b.orphan(t, child, "peer")
	if hashes := b.mine(t, 1); b.pool.Rejected(*bad.WitnessHash()) {
		t.Errorf("remembered after block %v", hashes[0])
	}
}

// A flood of the most expensive orphans, all on the same parents, makes no message slow:
// what a message costs is how many outputs are looked up for it. That is 1,500 or one
// orphan, however large, beside the message's own.
func TestExpensiveOrphansMakeNoMessageSlow(t *testing.T) {
	b := open(t, 30)
	var parents []*btcutil.Tx
	var shared []purse.Coin
	for range 20 {
		tx := purse.Pay(purse.Payment{Fee: 20_000, Outputs: 100}, b.coin())
		parents = append(parents, tx)
		shared = append(shared, purse.Coins(tx)...)
	}
	lookups, most := 0, 0
	b.pool.CountLookups(&lookups)
	submit := func(tx *btcutil.Tx, from string) {
		lookups = 0
		_, _ = b.pool.Submit(b.now, tx, from) // orphans and what refuses them
		most = max(most, lookups)
	}
	for i := range 40 {
		lost := purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{byte(i), 9}}, Value: 100_000} // below 256
		submit(purse.Pay(fee(100_000), append(slices.Clone(shared), lost)...), string(rune('a'+i%8)))
	}
	for _, tx := range parents {
		submit(tx, "honest")
	}
	for range 20 {
		submit(purse.Pay(fee(1), b.coins[0]), "honest")
	}
	if b.pool.Count() != len(parents) {
		t.Errorf("%d wait, want the %d parents", b.pool.Count(), len(parents))
	}
	if bound := 2 * (len(shared) + 1); most > bound || most < len(shared) {
		t.Errorf("a message had %d outputs looked up, want no more than %d", most, bound)
	}
}
