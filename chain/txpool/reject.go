package txpool

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// RejectError says why a transaction is not taken. Reason is InvalidTx only for
// what breaks consensus whatever the chain: the one thing that no honest peer
// sends.
type RejectError struct {
	Tx      chainhash.Hash
	Reason  events.Reason
	Missing []chainhash.Hash // with OrphanTx: transactions whose outputs are unknown or spent
	Err     error
}

// Error implements error.
func (e *RejectError) Error() string { return fmt.Sprintf("transaction %v: %v", e.Tx, e.Err) }

// Unwrap returns the rule that was broken.
func (e *RejectError) Unwrap() error { return e.Err }

// What a transaction can fail with beyond btcd's rules.
var (
	ErrKnown    = errors.New("txn-already-in-mempool")
	ErrMined    = errors.New("txn-already-known")
	ErrRejected = errors.New("was rejected lately")
	ErrWeight   = errors.New("tx-size: above 400,000 weight units")
	ErrChain    = errors.New("too-long-mempool-chain")
	ErrFull     = errors.New("mempool full: its fee rate is below that of all others")
	ErrMinFee   = errors.New("mempool min fee not met")
	ErrMissing  = errors.New("bad-txns-inputs-missingorspent")
	ErrCoinbase = errors.New("coinbase")
	ErrFinal    = errors.New("bad-txns-nonfinal")
	ErrOutput   = errors.New("bad-txns-inputs-missingorspent: spends an output that a waiting transaction does not have")
	ErrReplaces = errors.New("too many potential replacements")
)

func rejection(tx *btcutil.Tx, why events.Reason, err error) *RejectError {
	return &RejectError{Tx: *tx.Hash(), Reason: why, Err: err}
}

// Explain turns what an overlay's validation returned into a *[RejectError]: an
// error, or transactions whose outputs are missing.
func (p *Pool) Explain(tx *btcutil.Tx, missing []*chainhash.Hash, err error) error {
	switch {
	case err != nil:
		return p.classify(tx, err)
	case len(missing) > 0:
		return p.lacks(tx, missing)
	}
	return nil
}

// lacks says what it means that a transaction's inputs are not there.
func (p *Pool) lacks(tx *btcutil.Tx, missing []*chainhash.Hash) *RejectError {
	e := rejection(tx, events.OrphanTx, ErrMissing)
	for _, h := range missing {
		e.Missing = append(e.Missing, *h)
	}
	slices.SortFunc(e.Missing, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) })
	e.Missing = slices.Compact(e.Missing)
	if p.spendsNothing(tx) {
		return rejection(tx, events.InvalidTx, ErrOutput)
	}
	if p.isMined != nil && p.isMined(tx) {
		return rejection(tx, events.MinedTx, ErrMined)
	}
	return e
}

// spendsNothing says whether a transaction spends an output that a waiting one does
// not have, or that nobody can spend: so it is on any chain.
func (p *Pool) spendsNothing(tx *btcutil.Tx) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.ContainsFunc(tx.MsgTx().TxIn, func(in *wire.TxIn) bool {
		parent, ok := p.graph.entries[in.PreviousOutPoint.Hash]
		if !ok {
			return false
		}
		outs := parent.Tx.MsgTx().TxOut
		i := int64(in.PreviousOutPoint.Index)
		return i >= int64(len(outs)) || txscript.IsUnspendable(outs[i].PkScript)
	})
}

// classify turns btcd's error into ours.
func (p *Pool) classify(tx *btcutil.Tx, err error) *RejectError {
	reject := func(r events.Reason, err error) *RejectError { return rejection(tx, r, err) }
	if errors.Is(err, ErrMinFee) {
		return reject(events.LowFeeTx, err)
	}
	rule, ok := errors.AsType[mempool.RuleError](err)
	if !ok {
		return reject(events.Internal, err)
	}
	if consensus, ok := errors.AsType[blockchain.RuleError](rule.Err); ok {
		return reject(p.consensusReason(tx, consensus), err)
	}
	policy, _ := errors.AsType[mempool.TxRuleError](rule.Err)
	switch policy.RejectCode { //nolint:exhaustive // the others are matters of policy
	case wire.RejectInsufficientFee:
		return reject(events.LowFeeTx, err)
	case wire.RejectDuplicate:
		switch {
		case p.Have(*tx.Hash()):
			return reject(events.KnownTx, fmt.Errorf("%w: %w", ErrKnown, err))
		// An overlay's own conflicts only btcd's words tell.
		case len(p.Conflicts(tx)) > 0, strings.HasPrefix(policy.Description, "output already spent in mempool"):
			return reject(events.ConflictTx, err)
		}
		return reject(events.MinedTx, fmt.Errorf("%w: %w", ErrMined, err))
	}
	if len(p.Conflicts(tx)) > 0 {
		return reject(events.ConflictTx, err)
	}
	return reject(events.NonstandardTx, err)
}

// consensusReason tells what is wrong for ever from what depends on the tip, and
// scripts that break consensus from those that only break policy.
func (p *Pool) consensusReason(tx *btcutil.Tx, rule blockchain.RuleError) events.Reason {
	switch rule.ErrorCode { //nolint:exhaustive // every other rule is one of the transaction itself
	case blockchain.ErrImmatureSpend, blockchain.ErrUnfinalizedTx:
		return events.NonstandardTx
	case blockchain.ErrMissingTxOut:
		return events.OrphanTx
	case blockchain.ErrScriptMalformed, blockchain.ErrScriptValidation:
		if p.scriptsHold(tx) {
			return events.NonstandardTx
		}
	}
	return events.InvalidTx
}

// scriptsHold runs the scripts under the rules of blocks alone. It costs a second
// validation, once: the transaction is remembered as rejected.
func (p *Pool) scriptsHold(tx *btcutil.Tx) bool {
	view, err := p.view(tx)
	if err != nil {
		return true // nobody's fault
	}
	flags := txscript.ScriptBip16
	next := p.base.BestHeight() + 1
	if next >= p.base.ChainParams.BIP0066Height {
		flags |= txscript.ScriptVerifyDERSignatures
	}
	if next >= p.base.ChainParams.BIP0065Height {
		flags |= txscript.ScriptVerifyCheckLockTimeVerify
	}
	for _, d := range []struct {
		id    uint32
		flags txscript.ScriptFlags
	}{
		{chaincfg.DeploymentCSV, txscript.ScriptVerifyCheckSequenceVerify},
		{chaincfg.DeploymentSegwit, txscript.ScriptVerifyWitness | txscript.ScriptStrictMultiSig},
		{chaincfg.DeploymentTaproot, txscript.ScriptVerifyTaproot},
	} {
		if active, err := p.base.IsDeploymentActive(d.id); err == nil && active {
			flags |= d.flags
		}
	}
	err = blockchain.ValidateTransactionScripts(tx, view, flags, nil, txscript.NewHashCache(1))
	return err == nil
}
