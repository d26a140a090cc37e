package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/txscript/v2"
)

func (d *dispatcher) decodeScriptMethod() method {
	return method{
		name: "decodescript", handle: d.decodeScript,
		args: []argument{{name: "hexstring"}},
		summary: "Returns what a script given in hexadecimal says and is, and the addresses that stand for it when it is wrapped: p2sh, and segwit where that may be. " +
			"Descriptors (desc) are not given.",
	}
}

// scriptResult is decodescript's.
type scriptResult struct {
	Asm     string        `json:"asm"`
	Address string        `json:"address,omitempty"`
	Type    string        `json:"type"`
	P2SH    string        `json:"p2sh,omitempty"`
	Segwit  *segwitScript `json:"segwit,omitempty"`
}

type segwitScript struct {
	Asm     string `json:"asm"`
	Hex     string `json:"hex"`
	Address string `json:"address,omitempty"`
	Type    string `json:"type"`
	P2SH    string `json:"p2sh-segwit"`
}

func (d *dispatcher) decodeScript(_ context.Context, a arguments) (any, error) {
	text, err := a.text(0)
	if err != nil {
		return nil, err
	}
	script, err := hex.DecodeString(text)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "argument must be hexadecimal string (not '%s')", clip(text))
	}
	s := d.describeScript(script)
	r := scriptResult{Asm: s.Asm, Address: s.Address, Type: s.Type}
	if !wrappable(script) {
		return r, nil
	}
	if r.P2SH, err = d.scriptHash(script); err != nil {
		return nil, err
	}
	inner, err := d.segwitOf(script)
	if err != nil || inner == nil {
		return r, err
	}
	w := d.describeScript(inner)
	r.Segwit = &segwitScript{Asm: w.Asm, Hex: w.Hex, Address: w.Address, Type: w.Type}
	r.Segwit.P2SH, err = d.scriptHash(inner)
	return r, err
}

// wrappable says whether an output may pay to the script's hash. Source: bitcoind's
// decodescript.
func wrappable(script []byte) bool {
	if _, err := txscript.DisasmString(script); err != nil || txscript.IsUnspendable(script) {
		return false
	}
	switch txscript.GetScriptClass(script) {
	case txscript.NullDataTy, txscript.ScriptHashTy, txscript.WitnessUnknownTy, txscript.WitnessV1TaprootTy:
		return false
	default:
		return true
	}
}

func (d *dispatcher) scriptHash(script []byte) (string, error) {
	to, err := address.NewAddressScriptHash(script, d.Params)
	if err != nil {
		return "", err
	}
	return to.EncodeAddress(), nil
}

// segwitOf is the witness program that stands for a script, nil if there is none:
// witness programs are not wrapped again, and keys have to be compressed ones.
func (d *dispatcher) segwitOf(script []byte) ([]byte, error) {
	class, addresses, _, err := txscript.ExtractPkScriptAddrs(script, d.Params)
	if err != nil {
		class = txscript.NonStandardTy
	}
	switch class {
	case txscript.PubKeyTy, txscript.MultiSigTy:
		for _, to := range addresses {
			if key, ok := to.(*address.AddressPubKey); ok && key.Format() != address.PKFCompressed {
				return nil, nil
			}
		}
	case txscript.PubKeyHashTy, txscript.NonStandardTy:
	default:
		return nil, nil
	}
	if class == txscript.PubKeyTy || class == txscript.PubKeyHashTy {
		if len(addresses) != 1 {
			return nil, nil
		}
		hash := addresses[0].ScriptAddress()
		if key, ok := addresses[0].(*address.AddressPubKey); ok {
			hash = key.AddressPubKeyHash().ScriptAddress()
		}
		return txscript.NewScriptBuilder().AddOp(txscript.OP_0).AddData(hash).Script()
	}
	hash := sha256.Sum256(script)
	return txscript.NewScriptBuilder().AddOp(txscript.OP_0).AddData(hash[:]).Script()
}
