package api

import (
	"context"
	"errors"
	"math"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

const (
	// defaultMaxFeeRate, in satoshi per 1,000 virtual bytes, guards against a
	// slip in the operator's amounts; maxMaxFeeRate against one in the limit itself.
	// Source: Bitcoin Core's DEFAULT_MAX_RAW_TX_FEE_RATE (0.10 BTC/kvB) and its
	// ParseFeeRate (1 BTC/kvB).
	defaultMaxFeeRate btcutil.Amount = btcutil.SatoshiPerBitcoin / 10
	maxMaxFeeRate     btcutil.Amount = btcutil.SatoshiPerBitcoin
)

func (d *dispatcher) rawTransactionMethods() []method {
	return []method{
		d.createMethod(),
		d.decodeScriptMethod(),
		{
			name: "decoderawtransaction", handle: d.decodeRawTransaction,
			args:    []argument{{name: "hexstring"}, {name: "iswitness", optional: true}},
			summary: "Returns the fields of a transaction given in hexadecimal. Nothing is checked or sent.",
		},
		{
			name: "getrawtransaction", handle: d.getRawTransaction, heavy: true,
			args: []argument{{name: "txid"}, {name: "verbosity", alias: "verbose", optional: true}, {name: "blockhash", optional: true}},
			summary: "Returns a transaction: its bytes in hexadecimal, or with verbosity 1 its fields. It is looked for in the mempool and, " +
				"if the node keeps a transaction index, in the chain; with blockhash in that block only.",
		},
		{
			name: "sendrawtransaction", handle: d.sendRawTransaction,
			args: []argument{{name: "hexstring"}, {name: "maxfeerate", alias: "allowhighfees", optional: true}, {name: "maxburnamount", optional: true}},
			summary: "Checks a transaction given in hexadecimal, makes it travel and returns its id. maxfeerate is in BTC per 1,000 virtual bytes " +
				"(0.10 if not given, 0 = any). With Dandelion it is not in the mempool until its stem has ended: see getowntransaction.",
		},
	}
}

// foundTransaction is a transaction with where it was found.
type foundTransaction struct {
	InActiveChain *bool `json:"in_active_chain,omitempty"` // only if a block was asked for
	transaction
	BlockHash     string `json:"blockhash,omitempty"`
	Confirmations *int64 `json:"confirmations,omitempty"`
	Time          int64  `json:"time,omitempty"`
	BlockTime     int64  `json:"blocktime,omitempty"`
}

func (d *dispatcher) getRawTransaction(_ context.Context, a arguments) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	verbosity, err := a.level(1, 0)
	if err != nil {
		return nil, err
	}
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	// Nobody can spend it, and bitcoind does not index it.
	if txid == d.Params.GenesisBlock.Header.MerkleRoot {
		return nil, refuse(btcjson.ErrRPCNoTxInfo, "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved")
	}
	var raw []byte
	var block chainhash.Hash
	if a.given(2) {
		if block, err = a.hash(2); err != nil {
			return nil, err
		}
		raw, err = d.txInBlock(v, txid, block)
	} else {
		raw, block, err = d.findTx(txid)
	}
	if err != nil {
		return nil, err
	}
	if verbosity <= 0 {
		return rawHex(raw), nil
	}
	tx, err := btcutil.NewTxFromBytes(raw)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCDatabase, "the stored transaction %s cannot be decoded: %v", txid, err)
	}
	described, err := d.transaction(tx)
	if err != nil {
		return nil, err
	}
	r := foundTransaction{transaction: described}
	if block != (chainhash.Hash{}) {
		r.place(v, block, a.given(2))
	}
	return r, nil
}

// place adds the block to the answer; bitcoind gives a side branch's 0 confirmations.
func (r *foundTransaction) place(v view, block chainhash.Hash, asked bool) {
	r.BlockHash = block.String()
	e, ok := v.tree.Lookup(block)
	if !ok {
		return
	}
	main, confirmations := v.isMain(e), int64(0)
	if main {
		confirmations = v.confirmations(e)
		r.Time, r.BlockTime = e.Header.Timestamp.Unix(), e.Header.Timestamp.Unix()
	}
	r.Confirmations = &confirmations
	if asked {
		r.InActiveChain = &main
	}
}

func (d *dispatcher) findTx(txid chainhash.Hash) ([]byte, chainhash.Hash, error) {
	raw, block, err := d.Mempool.FindTx(txid)
	switch {
	case err == nil:
		return raw, block, nil
	case !errors.Is(err, ErrNotFound):
		d.log.Error("cannot read transaction", "tx", txid, "err", err)
		return nil, block, refuse(btcjson.ErrRPCDatabase, "Can't read transaction from disk: see the node's log")
	case d.Disk.Usage().TxIndex:
		return nil, block, refuse(btcjson.ErrRPCNoTxInfo, "No such mempool or blockchain transaction")
	default:
		return nil, block, refuse(btcjson.ErrRPCNoTxInfo, "No such mempool transaction. Use --txindex or provide a block hash to enable blockchain transaction queries")
	}
}

func (d *dispatcher) txInBlock(v view, txid, block chainhash.Hash) ([]byte, error) {
	e, ok := v.tree.Lookup(block)
	if !ok {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Block hash not found")
	}
	raw, err := d.rawBlock(e)
	if err != nil {
		return nil, err
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCDatabase, "the stored block %s cannot be decoded: %v", block, err)
	}
	for _, tx := range b.Transactions() {
		if *tx.Hash() == txid {
			return txBytes(tx)
		}
	}
	return nil, refuse(btcjson.ErrRPCNoTxInfo, "No such transaction found in the provided block")
}

func (d *dispatcher) decodeRawTransaction(_ context.Context, a arguments) (any, error) {
	tx, err := a.transaction(0)
	if err != nil {
		return nil, err
	}
	t, err := d.transaction(tx)
	t.Hex = ""
	return t, err
}

func (d *dispatcher) sendRawTransaction(_ context.Context, a arguments) (any, error) {
	tx, err := a.transaction(0)
	if err != nil {
		return nil, err
	}
	limit, err := a.maxFeeRate(1)
	if err != nil {
		return nil, err
	}
	err = d.Mempool.SubmitTx(tx, limit)
	switch {
	// Sending again is no error: the sender cannot know that it arrived.
	case err == nil, errors.Is(err, ErrPending):
		return tx.Hash().String(), nil
	case errors.Is(err, ErrConfirmed):
		return nil, refuse(btcjson.ErrRPCVerifyAlreadyInChain, "Transaction outputs already in utxo set")
	case errors.Is(err, ErrMissingInputs):
		return nil, refuse(btcjson.ErrRPCVerify, "bad-txns-inputs-missingorspent")
	case errors.Is(err, ErrFeeTooHigh):
		return nil, refuse(btcjson.ErrRPCVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
	default:
		return nil, refuse(btcjson.ErrRPCVerifyRejected, "%v", err)
	}
}

// transaction reads a transaction in hexadecimal.
func (a arguments) transaction(i int) (*btcutil.Tx, error) {
	raw, err := a.bytes(i, "TX")
	if err != nil {
		return nil, err
	}
	tx, err := btcutil.NewTxFromBytes(raw)
	if err != nil || tx.MsgTx().SerializeSize() != len(raw) || len(tx.MsgTx().TxIn) == 0 {
		return nil, refuse(btcjson.ErrRPCDeserialization, "TX decode failed. Make sure the tx has at least one input.")
	}
	return tx, nil
}

// maxFeeRate reads a fee rate in BTC per 1,000 virtual bytes, or what it was
// once: whether high fees are allowed.
func (a arguments) maxFeeRate(i int) (btcutil.Amount, error) {
	if !a.given(i) {
		return defaultMaxFeeRate, nil
	}
	if kindOf(a.values[i]) == "boolean" {
		if allow, err := a.flag(i, false); err != nil || allow {
			return 0, err
		}
		return defaultMaxFeeRate, nil
	}
	f, err := a.number(i)
	if err != nil {
		return 0, err
	}
	rate, err := btcutil.NewAmount(f)
	if err != nil || f < 0 || math.IsNaN(f) {
		return 0, refuse(btcjson.ErrRPCType, "Amount out of range")
	}
	if rate > maxMaxFeeRate {
		return 0, refuse(btcjson.ErrRPCInvalidParameter, "Fee rates larger than or equal to 1BTC/kvB are not accepted")
	}
	return rate, nil
}
