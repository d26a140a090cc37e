package chaingen

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Fault is a broken rule in a block whose header, proof of work, merkle root and
// witness commitment are right: whoever has the header has to fetch the block to
// see it, and the header's hash is invalid for good.
type Fault int

// The faults. All but BadSubsidy need a coin to spend.
const (
	BadSignature  Fault = iota + 1 // signs something else
	BadAmount                      // pays out more than it spends
	BadSubsidy                     // the coinbase takes one satoshi too much
	DoubleSpend                    // two transactions spend the same coin
	MissingCoin                    // spends what has never been there
	ImmatureSpend                  // spends its own parent's coinbase
)

// Faults returns all of them.
func Faults() []Fault {
	return []Fault{BadSignature, BadAmount, BadSubsidy, DoubleSpend, MissingCoin, ImmatureSpend}
}

// String is the fault's name in tests.
func (f Fault) String() string {
	names := [...]string{"", "bad signature", "bad amount", "bad subsidy", "double spend", "missing coin", "immature spend"}
	if f < 1 || int(f) >= len(names) {
		return fmt.Sprintf("fault %d", int(f))
	}
	return names[f]
}

// Broken makes a block with the fault on the tip and leaves the tip where it is.
// [Builder.Switch] moves to it, to build further on what is invalid.
func (b *Builder) Broken(f Fault) *btcutil.Block {
	if f == BadSubsidy {
		return b.build(1, nil)
	}
	coins := b.spendable()
	if len(coins) == 0 {
		panic(fmt.Sprintf("chaingen: at height %d there is nothing to spend for a %v", b.tip.Height(), f))
	}
	c := coins[0]
	switch f {
	case BadSignature:
		tx := b.pay(c, c.value-fee)
		tx.TxOut[0].Value--
		return b.build(0, []*wire.MsgTx{tx})
	case BadAmount:
		return b.build(0, []*wire.MsgTx{b.pay(c, c.value+1)})
	case DoubleSpend:
		return b.build(0, []*wire.MsgTx{b.pay(c, c.value-fee), b.pay(c, c.value-2*fee)})
	case MissingCoin:
		c.at.Index = 1000
		return b.build(0, []*wire.MsgTx{b.pay(c, c.value)})
	case ImmatureSpend:
		return b.build(0, []*wire.MsgTx{b.pay(b.coins[*b.tip.Hash()][0], fee)})
	default:
		panic(fmt.Sprintf("chaingen: unknown %v", f))
	}
}

// Mutation is a change to a block that leaves its header as it is: the header stays
// valid, and the right block has to be fetched from somebody else.
type Mutation int

// The mutations.
const (
	DuplicatedTxs   Mutation = iota + 1 // the last ones twice, with the same merkle root (CVE-2012-2459)
	ChangedTx                           // the merkle root does not fit
	ChangedWitness                      // the merkle root fits, the witness commitment does not
	StrippedWitness                     // a transaction has lost its witness
)

// Mutations returns all of them.
func Mutations() []Mutation {
	return []Mutation{DuplicatedTxs, ChangedTx, ChangedWitness, StrippedWitness}
}

// String is the mutation's name in tests.
func (m Mutation) String() string {
	names := [...]string{"", "duplicated transactions", "changed transaction", "changed witness", "stripped witness"}
	if m < 1 || int(m) >= len(names) {
		return fmt.Sprintf("mutation %d", int(m))
	}
	return names[m]
}

// ErrImmutable means that the block has not what the mutation changes.
var ErrImmutable = errors.New("block cannot be changed that way")

// Mutate returns a changed copy of the block: [DuplicatedTxs] wants a number of
// transactions, the coinbase counted, that is no power of two, and the changes to a
// witness want one beside the coinbase's.
func Mutate(block *btcutil.Block, m Mutation) (*btcutil.Block, error) {
	msg := Copy(block).MsgBlock()
	changed := false
	switch m {
	case DuplicatedTxs:
		changed = duplicate(msg)
	case ChangedTx:
		tx := msg.Transactions[len(msg.Transactions)-1]
		tx.LockTime++
		changed = true
	case ChangedWitness:
		if tx := witnessed(msg); tx != nil {
			tx.TxIn[0].Witness[0][1] ^= 1
			changed = true
		}
	case StrippedWitness:
		if tx := witnessed(msg); tx != nil {
			tx.TxIn[0].Witness = nil
			changed = true
		}
	default:
		return nil, fmt.Errorf("unknown %v", m)
	}
	if !changed {
		return nil, fmt.Errorf("%v of block %v: %w", m, block.Hash(), ErrImmutable)
	}
	return finish(msg, block.Height())
}

// duplicate repeats the last transactions. A merkle tree repeats the last node of
// a level that has an odd number; the lowest such level tells how many transactions
// hang below that node.
func duplicate(msg *wire.MsgBlock) bool {
	n := len(msg.Transactions)
	last := n & -n // the largest power of two that divides n
	if last == n {
		return false
	}
	msg.Transactions = append(msg.Transactions, msg.Transactions[n-last:]...)
	return true
}

// witnessed returns the first transaction after the coinbase with a witness.
func witnessed(msg *wire.MsgBlock) *wire.MsgTx {
	for _, tx := range msg.Transactions[1:] {
		if tx.HasWitness() && len(tx.TxIn[0].Witness) > 0 {
			return tx
		}
	}
	return nil
}
