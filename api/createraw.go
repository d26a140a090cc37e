package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	// createdVersion is what bitcoind gives to transactions it makes (BIP 68).
	createdVersion = 2
	// maxDataOutput is the most data that a transaction carries: what fits a script.
	maxDataOutput = txscript.MaxScriptElementSize
)

func (d *dispatcher) createMethod() method {
	return method{
		name: "createrawtransaction", handle: d.createRawTransaction,
		args: []argument{{name: "inputs"}, {name: "outputs"}, {name: "locktime", optional: true}, {name: "replaceable", optional: true}},
		summary: "Makes a transaction from outputs, [{\"txid\":…,\"vout\":…}], and payments, [{ADDRESS:AMOUNT}] or [{\"data\":HEX}], and returns it in hexadecimal. " +
			"It is not signed, checked or sent; what is left of the inputs is the fee. What mining pays to nobody in particular, as `--mine` and generate do " +
			"unless told whom, may be spent without a signature.",
	}
}

// spending is one input of createrawtransaction.
type spending struct {
	Txid     string  `json:"txid"`
	Vout     *int64  `json:"vout"`
	Sequence *uint32 `json:"sequence"`
}

func (d *dispatcher) createRawTransaction(_ context.Context, a arguments) (any, error) {
	tx := wire.NewMsgTx(createdVersion)
	if a.given(2) {
		lock, err := a.integer(2)
		if err != nil {
			return nil, err
		}
		if lock < 0 || lock > math.MaxUint32 {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, locktime out of range")
		}
		tx.LockTime = uint32(lock)
	}
	replaceable, err := a.flag(3, true)
	if err != nil {
		return nil, err
	}
	sequence := wire.MaxTxInSequenceNum
	switch {
	case replaceable:
		sequence = maxReplaceable
	case tx.LockTime != 0:
		sequence-- // or the lock would not hold
	}
	if err := a.spend(tx, sequence); err != nil {
		return nil, err
	}
	if err := d.pay(tx, a); err != nil {
		return nil, err
	}
	raw, err := txBytes(btcutil.NewTx(tx))
	return hex.EncodeToString(raw), err
}

// spend reads the inputs.
func (a arguments) spend(tx *wire.MsgTx, sequence uint32) error {
	var inputs []spending
	if kindOf(a.values[0]) != "array" || json.Unmarshal(a.values[0], &inputs) != nil {
		return a.wrongType(0, "array")
	}
	for _, in := range inputs {
		txid, err := chainhash.NewHashFromStr(in.Txid)
		if err != nil || len(in.Txid) != 2*chainhash.HashSize {
			return refuse(btcjson.ErrRPCInvalidParameter, "txid must be of 64 hexadecimal digits (not '%s')", clip(in.Txid))
		}
		if in.Vout == nil {
			return refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, missing vout key")
		}
		if *in.Vout < 0 || *in.Vout > math.MaxUint32 {
			return refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, vout cannot be negative, nor above 4,294,967,295")
		}
		spent := wire.NewTxIn(wire.NewOutPoint(txid, uint32(*in.Vout)), nil, nil)
		spent.Sequence = sequence
		if in.Sequence != nil {
			spent.Sequence = *in.Sequence
		}
		tx.AddTxIn(spent)
	}
	return nil
}

// pay reads the outputs: an object, or objects in an array, whose order is kept.
func (d *dispatcher) pay(tx *wire.MsgTx, a arguments) error {
	objects := []json.RawMessage{a.values[1]}
	if kindOf(a.values[1]) == "array" {
		if err := json.Unmarshal(a.values[1], &objects); err != nil {
			return a.wrongType(1, "array")
		}
	}
	paid := make(map[string]bool)
	for _, raw := range objects {
		var outputs map[string]json.RawMessage
		if kindOf(raw) != "object" || json.Unmarshal(raw, &outputs) != nil {
			return refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, key-value pair not an object as expected")
		}
		names := make([]string, 0, len(outputs))
		for name := range outputs {
			names = append(names, name)
		}
		slices.Sort(names) // an object has no order
		for _, name := range names {
			if paid[name] {
				return refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, duplicated address: %s", clip(name))
			}
			paid[name] = true
			out, err := d.output(name, outputs[name])
			if err != nil {
				return err
			}
			tx.AddTxOut(out)
		}
	}
	return nil
}

// output makes one output: an address and an amount, or "data" and hexadecimal.
func (d *dispatcher) output(name string, value json.RawMessage) (*wire.TxOut, error) {
	if name == "data" {
		var text string
		err := json.Unmarshal(value, &text)
		data, decoded := hex.DecodeString(text)
		if err != nil || decoded != nil || len(data) > maxDataOutput {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Data must be hexadecimal, of %d bytes at most", maxDataOutput)
		}
		script, err := txscript.NewScriptBuilder().AddOp(txscript.OP_RETURN).AddData(data).Script()
		if err != nil {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Data: %v", err)
		}
		return wire.NewTxOut(0, script), nil
	}
	to, err := address.DecodeAddress(name, d.Params)
	if err != nil || !to.IsForNet(d.Params) {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Invalid Bitcoin address: %s", clip(name))
	}
	script, err := txscript.PayToAddrScript(to)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Invalid Bitcoin address: %s", clip(name))
	}
	sum, err := bitcoins(value)
	if err != nil {
		return nil, err
	}
	return wire.NewTxOut(int64(sum), script), nil
}

// decimals is how many an amount in bitcoins may have.
const decimals = 8

// bitcoins reads an amount in bitcoins, a number or a string.
func bitcoins(value json.RawMessage) (btcutil.Amount, error) {
	var n json.Number // takes both
	if err := json.Unmarshal(value, &n); err != nil {
		return 0, refuse(btcjson.ErrRPCType, "Invalid amount")
	}
	f, err := n.Float64()
	_, fraction, _ := strings.Cut(n.String(), ".")
	switch {
	case err != nil, len(fraction) > decimals, strings.ContainsAny(n.String(), "eE"):
		return 0, refuse(btcjson.ErrRPCType, "Invalid amount: it is a number in bitcoins, of at most %d decimals", decimals)
	case f < 0 || f > btcutil.MaxSatoshi/btcutil.SatoshiPerBitcoin:
		return 0, refuse(btcjson.ErrRPCType, "Amount out of range")
	}
	sum, err := btcutil.NewAmount(f) // rounds to the satoshi: exact for 8 decimals
	if err != nil {
		return 0, refuse(btcjson.ErrRPCType, "Invalid amount")
	}
	return sum, nil
}
