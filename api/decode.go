package api

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
)

// transaction has bitcoind's keys in its order. btcjson's types would write
// amounts as floats and a coinbase's witness under another name.
type transaction struct {
	Txid     string   `json:"txid"`
	Hash     string   `json:"hash"`
	Version  uint32   `json:"version"`
	Size     int      `json:"size"`
	Vsize    int      `json:"vsize"`
	Weight   int      `json:"weight"`
	LockTime uint32   `json:"locktime"`
	Vin      []input  `json:"vin"`
	Vout     []output `json:"vout"`
	Fee      *amount  `json:"fee,omitempty"` // if the outputs that it spends are known
	Hex      string   `json:"hex,omitempty"`
}

type input struct {
	Coinbase  *string    `json:"coinbase,omitempty"`
	Txid      string     `json:"txid,omitempty"`
	Vout      *uint32    `json:"vout,omitempty"`
	ScriptSig *scriptSig `json:"scriptSig,omitempty"`
	Witness   []string   `json:"txinwitness,omitempty"`
	Prevout   *prevout   `json:"prevout,omitempty"`
	Sequence  uint32     `json:"sequence"`
}

// prevout is the output that an input spends.
type prevout struct {
	Generated    bool         `json:"generated"`
	Height       int32        `json:"height"`
	Value        amount       `json:"value"`
	ScriptPubKey scriptPubKey `json:"scriptPubKey"`
}

type scriptSig struct {
	Asm string `json:"asm"`
	Hex string `json:"hex"`
}

type output struct {
	Value        amount       `json:"value"`
	N            int          `json:"n"`
	ScriptPubKey scriptPubKey `json:"scriptPubKey"`
}

type scriptPubKey struct {
	Asm     string `json:"asm"`
	Hex     string `json:"hex"`
	Address string `json:"address,omitempty"`
	Type    string `json:"type"`
}

// transaction describes a transaction, with its bytes.
func (d *dispatcher) transaction(tx *btcutil.Tx) (transaction, error) {
	msg := tx.MsgTx()
	raw, err := txBytes(tx)
	if err != nil {
		return transaction{}, err
	}
	size, stripped := len(raw), msg.SerializeSizeStripped()
	t := transaction{
		Txid:     tx.Hash().String(),
		Hash:     tx.WitnessHash().String(),
		Version:  uint32(msg.Version),
		Size:     size,
		Vsize:    virtual(weight(stripped, size)),
		Weight:   weight(stripped, size),
		LockTime: msg.LockTime,
		Vin:      make([]input, 0, len(msg.TxIn)),
		Vout:     make([]output, 0, len(msg.TxOut)),
		Hex:      hex.EncodeToString(raw),
	}
	coinbase := blockchain.IsCoinBase(tx)
	for _, in := range msg.TxIn {
		t.Vin = append(t.Vin, describeInput(in, coinbase))
	}
	for n, out := range msg.TxOut {
		t.Vout = append(t.Vout, output{Value: amount(out.Value), N: n, ScriptPubKey: d.describeScript(out.PkScript)})
	}
	return t, nil
}

// addSpent adds what the outputs that a transaction spends tell: its fee, and if wanted
// the outputs themselves.
func (d *dispatcher) addSpent(t *transaction, tx *btcutil.Tx, spent []chain.Output, prevouts bool) {
	fee := amount(0)
	for i, o := range spent {
		fee += amount(o.Value)
		if prevouts {
			t.Vin[i].Prevout = &prevout{Generated: o.Coinbase, Height: o.Height, Value: amount(o.Value), ScriptPubKey: d.describeScript(o.Script)}
		}
	}
	for _, o := range tx.MsgTx().TxOut {
		fee -= amount(o.Value)
	}
	t.Fee = &fee
}

func describeInput(in *wire.TxIn, coinbase bool) input {
	script := hex.EncodeToString(in.SignatureScript)
	i := input{Sequence: in.Sequence}
	for _, item := range in.Witness {
		i.Witness = append(i.Witness, hex.EncodeToString(item))
	}
	if coinbase {
		i.Coinbase = &script
		return i
	}
	i.Txid = in.PreviousOutPoint.Hash.String()
	i.Vout = &in.PreviousOutPoint.Index
	i.ScriptSig = &scriptSig{Asm: disassemble(in.SignatureScript), Hex: script}
	return i
}

func (d *dispatcher) describeScript(script []byte) scriptPubKey {
	s := scriptPubKey{Asm: disassemble(script), Hex: hex.EncodeToString(script)}
	class, addresses, _, err := txscript.ExtractPkScriptAddrs(script, d.Params)
	if err != nil {
		class = txscript.NonStandardTy
	}
	s.Type = class.String()
	// As bitcoind: bare public keys and multisig have no address of their own.
	if len(addresses) == 1 && class != txscript.PubKeyTy && class != txscript.MultiSigTy {
		s.Address = addresses[0].EncodeAddress()
	}
	return s
}

// disassemble is lenient: whatever comes before an error is shown, then [error].
func disassemble(script []byte) string {
	// The error repeats what the text ends with.
	text, _ := txscript.DisasmString(script)
	return text
}

// weight is BIP 141's: bytes without witness count four times.
func weight(stripped, size int) int {
	return stripped*(blockchain.WitnessScaleFactor-1) + size
}

// virtual is the size that fees are reckoned by: weight over four, rounded up.
func virtual(weight int) int {
	return (weight + blockchain.WitnessScaleFactor - 1) / blockchain.WitnessScaleFactor
}

func txBytes(tx *btcutil.Tx) ([]byte, error) {
	raw := bytes.NewBuffer(make([]byte, 0, tx.MsgTx().SerializeSize()))
	if err := tx.MsgTx().Serialize(raw); err != nil {
		return nil, fmt.Errorf("encode transaction: %w", err)
	}
	return raw.Bytes(), nil
}

func headerBytes(e headertree.Entry) ([]byte, error) {
	var raw bytes.Buffer
	if err := e.Header.Serialize(&raw); err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	return raw.Bytes(), nil
}
