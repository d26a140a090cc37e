package schedule

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// state is where a block of the plan stands.
type state uint8

const (
	wanted state = iota // nobody is asked for it
	asked               // under way at one peer or, duplicated, at two
	held                // here, waiting for its turn
	taken               // handed out, being validated
	done                // validated, or left out of the plan
)

// block is one block of the plan, or one that a new plan left out while it was
// under way or being validated.
type block struct {
	hash    chainhash.Hash
	height  int32
	state   state
	planned bool      // false once a new plan has left it out
	cost    int64     // of a block held or taken
	reserve int64     // part of the budget kept for a block asked for
	askers  []*source // the peers whose answer counts, the first asked first
	bars    []bar     // peers not to be asked, usually none

	due time.Duration // scratch: when it is expected, counted from now
}

// bar keeps one peer from being asked for one block.
type bar struct {
	peer  peer.ID   // by name, so that leaving and joining again does not help
	until time.Time // zero: for ever
}

// barred reports whether p must not be asked for b at now.
func (b *block) barred(now time.Time, p *source) bool {
	for _, x := range b.bars {
		if x.peer == p.id && (x.until.IsZero() || now.Before(x.until)) {
			return true
		}
	}
	return false
}

func (b *block) askedFrom(p *source) bool {
	return slices.Contains(b.askers, p)
}

// sizes follows the size of recent blocks, which is the estimate for those that
// are still under way.
type sizes struct {
	bytes, cost float64
	known       bool
}

const (
	// firstBytes and firstCost stand for a block before any was seen: a full
	// block and three times that for its decoded form, so that the first
	// requests cannot overrun the budget.
	firstBytes = 1_000_000
	firstCost  = 3 * firstBytes
	// sizeWeight is the weight of the newest block: sizes change slowly along
	// a chain but must be learnt within a few dozen blocks after a jump.
	sizeWeight = 1.0 / 8
)

func (z *sizes) add(bytes int, cost int64) {
	if !z.known {
		*z = sizes{bytes: float64(bytes), cost: float64(cost), known: true}
		return
	}
	z.bytes += sizeWeight * (float64(bytes) - z.bytes)
	z.cost += sizeWeight * (float64(cost) - z.cost)
}

func (z *sizes) expectBytes() float64 {
	if !z.known {
		return firstBytes
	}
	return max(z.bytes, 1)
}

func (z *sizes) expectCost() int64 {
	if !z.known {
		return firstCost
	}
	return max(int64(z.cost), 1)
}
