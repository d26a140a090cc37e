package txpool

import (
	"errors"
	"fmt"
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
)

// Explain turns what an overlay's validation returned into a *[RejectError]: an
// error, or transactions whose outputs are missing.
func (p *Pool) Explain(tx *btcutil.Tx, missing []*chainhash.Hash, err error) error {
	switch {
	case err != nil:
		return p.classify(tx, err)
	case len(missing) > 0:
		return missingError(tx, missing)
	}
	return nil
}

// classify turns btcd's error into ours.
func (p *Pool) classify(tx *btcutil.Tx, err error) *RejectError {
	reject := func(r events.Reason, err error) *RejectError {
		return &RejectError{Tx: *tx.Hash(), Reason: r, Err: err}
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
	flags := txscript.ScriptBip16 | txscript.ScriptVerifyDERSignatures | txscript.ScriptVerifyCheckLockTimeVerify
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
	err = blockchain.ValidateTransactionScripts(tx, view, flags, nil, p.base.HashCache)
	return err == nil
}

// rejects remembers wtxids, the last most to twice as many of them.
type rejects struct {
	most       int
	young, old map[chainhash.Hash]events.Reason
}

func (r *rejects) add(wtxid chainhash.Hash, why events.Reason) {
	if len(r.young) >= r.most/2 {
		r.young, r.old = nil, r.young
	}
	if r.young == nil {
		r.young = make(map[chainhash.Hash]events.Reason)
	}
	r.young[wtxid] = why
}

func (r *rejects) find(wtxid chainhash.Hash) (events.Reason, bool) {
	if why, ok := r.young[wtxid]; ok {
		return why, true
	}
	why, ok := r.old[wtxid]
	return why, ok
}

func (r *rejects) clear() { r.young, r.old = nil, nil }
