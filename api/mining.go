package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

// submitBlock is the one method whose parameters may exceed maxBody.
const submitBlock = "submitblock"

// maxGenerate is how many blocks one call may mine. At some 1,000 blocks a second
// the answer comes within 10 s, well before a client gives up (rpcclient: 60 s).
const maxGenerate = 10_000

func (d *dispatcher) miningMethods() []method {
	const where = " On regtest and simnet only; at most 10,000 blocks a call. maxtries is taken and not needed."
	return []method{
		d.generateBlockMethod(),
		d.templateMethod(),
		d.submitHeaderMethod(),
		{
			name: "generate", handle: d.generate,
			args:    []argument{{name: "nblocks", alias: "numblocks"}, {name: "maxtries", optional: true}},
			summary: "Mines blocks at once, paying to the node's mining address, and returns their hashes." + where,
		},
		{
			name: "generatetoaddress", handle: d.generateToAddress,
			args:    []argument{{name: "nblocks", alias: "numblocks"}, {name: "address"}, {name: "maxtries", optional: true}},
			summary: "Mines blocks at once, paying to an address, and returns their hashes." + where,
		},
		{
			name: submitBlock, handle: d.submitBlock,
			args: []argument{{name: "hexdata", alias: "hexblock"}, {name: "dummy", alias: "options", optional: true}},
			summary: "Validates a block given in hexadecimal and connects it. Returns null if it was accepted, otherwise BIP 22's word for why not. " +
				"In a request above 1 MiB the method has to come before the parameters.",
		},
	}
}

func (d *dispatcher) generate(ctx context.Context, a arguments) (any, error) {
	return d.mine(ctx, a, nil)
}

func (d *dispatcher) generateToAddress(ctx context.Context, a arguments) (any, error) {
	text, err := a.text(1)
	if err != nil {
		return nil, err
	}
	to, err := address.DecodeAddress(text, d.Params)
	if err != nil || !to.IsForNet(d.Params) {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Error: Invalid address")
	}
	script, err := txscript.PayToAddrScript(to)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Error: Invalid address")
	}
	return d.mine(ctx, a, script)
}

func (d *dispatcher) mine(ctx context.Context, a arguments, payTo []byte) (any, error) {
	n, err := a.integer(0)
	if err != nil {
		return nil, err
	}
	if err := d.mayMine(a.method.name); err != nil {
		return nil, err
	}
	if n < 0 || n > maxGenerate {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "nblocks must be from 0 to %d", maxGenerate)
	}
	hashes, err := d.Miner.Mine(ctx, payTo, int(n))
	if err != nil {
		return nil, fmt.Errorf("mined %d of %d blocks: %w", len(hashes), n, err)
	}
	return hashStrings(hashes), nil
}

// mayMine refuses where blocks are not for a CPU.
func (d *dispatcher) mayMine(method string) error {
	if net := d.Params.Net; net != chaincfg.RegressionNetParams.Net && net != chaincfg.SimNetParams.Net {
		return refuse(btcjson.ErrRPCMisc, "%s works on regtest and simnet only, not on %s", method, d.Params.Name)
	}
	return nil
}

func (d *dispatcher) submitBlock(_ context.Context, a arguments) (any, error) {
	raw, err := a.bytes(0, "Block")
	if err != nil {
		return nil, err
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil || block.MsgBlock().SerializeSize() != len(raw) {
		return nil, refuse(btcjson.ErrRPCDeserialization, "Block decode failed")
	}
	if verdict := d.known(block); verdict != "" {
		return verdict, nil
	}
	if err := d.Miner.SubmitBlock(block); err != nil {
		return verdictOf(err), nil
	}
	return nil, nil //nolint:nilnil // null means accepted
}

// known is the verdict on a block that needs no validation; "" = it does.
func (d *dispatcher) known(block *btcutil.Block) string {
	tree := d.Chain.Headers()
	header := &block.MsgBlock().Header
	switch {
	case tree.Invalid(*block.Hash()):
		return "duplicate-invalid"
	case d.Chain.HaveBlock(*block.Hash()):
		return "duplicate"
	case !tree.Has(header.PrevBlock):
		return "prev-blk-not-found"
	case len(block.Transactions()) == 0, blockchain.CalcMerkleRoot(block.Transactions(), false) != header.MerkleRoot:
		return "bad-txnmrklroot"
	default:
		return ""
	}
}

// verdictOf is bitcoind's word for the rule that a block breaks, or the error's text.
func verdictOf(err error) string {
	if rule, ok := errors.AsType[blockchain.RuleError](err); ok {
		if word, ok := verdicts()[rule.ErrorCode]; ok {
			return word
		}
	}
	return printable("rejected: "+err.Error(), maxVerdict)
}

// maxVerdict bounds an error text in characters: it may quote the block.
const maxVerdict = 500

// verdicts is BIP 22's reject reasons as Bitcoin Core writes them (src/validation.cpp,
// src/consensus/tx_check.cpp, tx_verify.cpp).
func verdicts() map[blockchain.ErrorCode]string {
	return map[blockchain.ErrorCode]string{
		blockchain.ErrDuplicateBlock:            "duplicate",
		blockchain.ErrKnownInvalidBlock:         "duplicate-invalid",
		blockchain.ErrBlockTooBig:               "bad-blk-length",
		blockchain.ErrNoTransactions:            "bad-blk-length",
		blockchain.ErrBlockWeightTooHigh:        "bad-blk-weight",
		blockchain.ErrBlockVersionTooOld:        "bad-version",
		blockchain.ErrTimeTooOld:                "time-too-old",
		blockchain.ErrTimeTooNew:                "time-too-new",
		blockchain.ErrTimewarpAttack:            "time-timewarp-attack",
		blockchain.ErrUnexpectedDifficulty:      "bad-diffbits",
		blockchain.ErrHighHash:                  "high-hash",
		blockchain.ErrBadMerkleRoot:             "bad-txnmrklroot",
		blockchain.ErrNoTxInputs:                "bad-txns-vin-empty",
		blockchain.ErrNoTxOutputs:               "bad-txns-vout-empty",
		blockchain.ErrTxTooBig:                  "bad-txns-oversize",
		blockchain.ErrDuplicateTxInputs:         "bad-txns-inputs-duplicate",
		blockchain.ErrBadTxInput:                "bad-txns-prevout-null",
		blockchain.ErrMissingTxOut:              "bad-txns-inputs-missingorspent",
		blockchain.ErrUnfinalizedTx:             "bad-txns-nonfinal",
		blockchain.ErrDuplicateTx:               "bad-txns-duplicate",
		blockchain.ErrOverwriteTx:               "bad-txns-BIP30",
		blockchain.ErrImmatureSpend:             "bad-txns-premature-spend-of-coinbase",
		blockchain.ErrSpendTooHigh:              "bad-txns-in-belowout",
		blockchain.ErrBadFees:                   "bad-txns-fee-outofrange",
		blockchain.ErrTooManySigOps:             "bad-blk-sigops",
		blockchain.ErrFirstTxNotCoinbase:        "bad-cb-missing",
		blockchain.ErrMultipleCoinbases:         "bad-cb-multiple",
		blockchain.ErrBadCoinbaseScriptLen:      "bad-cb-length",
		blockchain.ErrBadCoinbaseValue:          "bad-cb-amount",
		blockchain.ErrMissingCoinbaseHeight:     "bad-cb-height",
		blockchain.ErrBadCoinbaseHeight:         "bad-cb-height",
		blockchain.ErrScriptMalformed:           "block-script-verify-flag-failed",
		blockchain.ErrScriptValidation:          "block-script-verify-flag-failed",
		blockchain.ErrUnexpectedWitness:         "unexpected-witness",
		blockchain.ErrInvalidWitnessCommitment:  "bad-witness-nonce-size",
		blockchain.ErrWitnessCommitmentMismatch: "bad-witness-merkle-match",
		blockchain.ErrPreviousBlockUnknown:      "prev-blk-not-found",
		blockchain.ErrInvalidAncestorBlock:      "bad-prevblk",
	}
}
