package journal

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/mempool"

	"github.com/pappus-network/pappus/events"
)

// Situation is what, beside the entry, bears on what to do.
type Situation struct {
	Outbound int // full peers that we dialled, or named
	Peers    int

	// FeeRate is the transaction's, MinFee the least that the mempool takes now, in
	// satoshi per 1,000 virtual bytes; 0 = not known.
	FeeRate, MinFee btcutil.Amount
}

const (
	// slow is when a transaction's state is worth a word: a fluff reaches a network of
	// gossipsub in seconds, and one of diffusion within a minute.
	slow = 2 * time.Minute
	// unmined is when one that everybody has is late: 144 blocks.
	unmined = 24 * time.Hour
)

// How to have more peers, and where a fee rate is compared.
const (
	addPeers = "add one with `pappus peers add` or --addnode"
	seeFees  = "`pappus mempool info`"
)

// Advice says what keeps a transaction and what to do about it; empty if nothing
// does.
func (e *Entry) Advice(now time.Time, s Situation) string {
	switch e.State {
	case Waiting:
		return e.adviseWaiting(now, s)
	case Stemmed:
		if now.Before(e.Embargo) {
			return fmt.Sprintf("It is on its way in secret. If nobody has published it in %v, this node does.", until(e.Embargo, now))
		}
		return "Its embargo is over: this node is about to publish it."
	case Fluffed, Seen:
		return e.advisePublished(now, s)
	case Dropped:
		return e.adviseDropped()
	case Mined:
	}
	return ""
}

func (e *Entry) adviseWaiting(now time.Time, s Situation) string {
	due := e.Embargo
	if due.IsZero() {
		due = e.Submitted // and not given to anybody yet
	}
	switch left := until(due, now); {
	case now.Sub(due) > slow:
		return "It was noted and not handed on: the node was stopped just then. Send it again with `pappus tx send`."
	case e.Embargo.IsZero():
		return ""
	case s.Outbound > 0:
		return fmt.Sprintf("It is about to be handed to a peer, or is published in %v.", left)
	case s.Peers == 0:
		return "This node has no peers: " + addPeers + "."
	default:
		return fmt.Sprintf("It waits for a full peer that this node has dialled; there is none: %s. In %v it is sent to everybody instead, without a stem.", addPeers, left)
	}
}

func (e *Entry) advisePublished(now time.Time, s Situation) string {
	age := now.Sub(e.Fluffed)
	switch {
	case s.FeeRate > 0 && s.FeeRate < s.MinFee:
		return fmt.Sprintf("Its fee rate of %s is below the %s that the mempool takes now: others may have dropped it. %s", perByte(s.FeeRate), perByte(s.MinFee), e.bump())
	case s.Peers == 0:
		return "It is published, but this node has no peers: " + addPeers + "."
	case e.State == Fluffed && age > slow:
		return fmt.Sprintf("It was published %v ago and no peer has shown it since. Peers may refuse it: compare its fee rate with %s, "+
			"and look at `pappus peers list`.", age.Round(time.Second), seeFees)
	case e.Unmined > 0:
		return "The block that held it has left the main chain. It waits for another one: nothing to do, unless that takes hours."
	case age > unmined:
		return fmt.Sprintf("It was published %v ago and no block has it: others pay more (%s). %s", age.Round(time.Hour), seeFees, e.bump())
	}
	return ""
}

func (e *Entry) adviseDropped() string {
	switch e.Why {
	case string(events.ConflictTx):
		return "Another transaction that spends the same output was first. Spend another output, or wait for that one."
	case string(events.LowFeeTx), "evicted":
		return "Its fee rate is below what the mempool takes now (" + seeFees + "). Make it again with a higher fee."
	case "expired":
		return "It waited for a block for two weeks. Make it again with a higher fee."
	case "replaced":
		return "It was replaced by one that pays more."
	case "aborted":
		return "You took it back before it was published. Whoever had it in its stem may publish it still."
	case string(events.OrphanTx), string(events.MinedTx):
		return "What it spends is not there, or spent already: a block may hold another transaction with the same input. Make it again."
	case string(events.StemFull):
		return "Too many transactions of yours were in their stem. Send it again with `pappus tx send`."
	case string(events.Internal):
		return "This node failed, not the transaction: look into its log, then send it again with `pappus tx send`."
	}
	return "It is not valid any more. Make it again."
}

// bump says how a fee can be raised: BIP 125 by a replacement, or else by a child.
func (e *Entry) bump() string {
	if tx, err := btcutil.NewTxFromBytes(e.Raw); err == nil {
		for _, in := range tx.MsgTx().TxIn {
			if in.Sequence <= mempool.MaxRBFSequence {
				return "Send one that spends the same output and pays more: it replaces this one."
			}
		}
	}
	return "It does not allow to be replaced: spend one of its outputs with a high fee, which pays for both."
}

func until(t, now time.Time) time.Duration { return max(0, t.Sub(now)).Round(time.Second) }

// perByte writes a fee rate as wallets do.
func perByte(rate btcutil.Amount) string {
	return fmt.Sprintf("%.1f sat/vB", float64(rate)/1000)
}
