package headertree

import (
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// ErrUnknownParent says that a header does not connect to the tree.
var ErrUnknownParent = errors.New("the header's parent is unknown")

// ErrInvalidParent says that a header builds on a block that is known to be invalid.
var ErrInvalidParent = errors.New("the header builds on an invalid block")

// HeaderError says which header breaks which rule.
type HeaderError struct {
	Hash   chainhash.Hash
	Reason events.Reason // BadProofOfWork or InvalidHeader
	Err    error
}

// Error names the header and the rule.
func (e *HeaderError) Error() string {
	return fmt.Sprintf("header %v: %s: %v", e.Hash, e.Reason, e.Err)
}

// Unwrap returns the rule: a blockchain.RuleError or [ErrInvalidParent].
func (e *HeaderError) Unwrap() error { return e.Err }

// rules are what btcd's checks ask about the network.
type rules struct {
	params  *chaincfg.Params
	perTurn int32
	least   int64 // seconds
	most    int64 // seconds
}

func newRules(params *chaincfg.Params) rules {
	span := int64(params.TargetTimespan / time.Second)
	return rules{
		params:  params,
		perTurn: int32(params.TargetTimespan / params.TargetTimePerBlock), // 2,016
		least:   span / params.RetargetAdjustmentFactor,
		most:    span * params.RetargetAdjustmentFactor,
	}
}

// check holds a header against its parent. now is the local clock.
func (r rules) check(now time.Time, h *wire.BlockHeader, hash chainhash.Hash, parent *node) error {
	if parent.bad {
		return &HeaderError{Hash: hash, Reason: events.InvalidHeader, Err: ErrInvalidParent}
	}
	err := blockchain.CheckBlockHeaderSanity(h, r.params.PowLimit, clock(now), blockchain.BFNone)
	if err == nil {
		err = blockchain.CheckBlockHeaderContext(h, parent, blockchain.BFNone, r, true)
	}
	if err == nil {
		return nil
	}
	reason := events.InvalidHeader
	var rule blockchain.RuleError
	if errors.As(err, &rule) && rule.ErrorCode == blockchain.ErrHighHash {
		reason = events.BadProofOfWork
	}
	return &HeaderError{Hash: hash, Reason: reason, Err: err}
}

// ChainParams implements blockchain.ChainCtx.
func (r rules) ChainParams() *chaincfg.Params { return r.params }

// BlocksPerRetarget implements blockchain.ChainCtx.
func (r rules) BlocksPerRetarget() int32 { return r.perTurn }

// MinRetargetTimespan implements blockchain.ChainCtx.
func (r rules) MinRetargetTimespan() int64 { return r.least }

// MaxRetargetTimespan implements blockchain.ChainCtx.
func (r rules) MaxRetargetTimespan() int64 { return r.most }

// VerifyCheckpoint implements blockchain.ChainCtx: there are none.
func (r rules) VerifyCheckpoint(int32, *chainhash.Hash) bool { return true }

// FindPreviousCheckpoint implements blockchain.ChainCtx: there are none.
func (r rules) FindPreviousCheckpoint() (blockchain.HeaderCtx, error) { return nil, nil } //nolint:nilnil // the interface's way to say so

// clock is the local time as btcd's rules ask for it. Peers' clocks never enter.
type clock time.Time

// AdjustedTime implements blockchain.MedianTimeSource.
func (c clock) AdjustedTime() time.Time { return time.Time(c).Truncate(time.Second) }

// AddTimeSample implements blockchain.MedianTimeSource and ignores the sample.
func (clock) AddTimeSample(string, time.Time) {}

// Offset implements blockchain.MedianTimeSource.
func (clock) Offset() time.Duration { return 0 }
