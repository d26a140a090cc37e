package api

import (
	"context"
	"encoding/hex"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

func (d *dispatcher) utilMethods() []method {
	return []method{
		d.feeMethod(),
		{
			name: "getindexinfo", handle: d.getIndexInfo,
			args:    []argument{{name: "index_name", optional: true}},
			summary: "Returns the optional indexes that the node keeps, and how far they go: each block is added to them as it is connected.",
		},
		{
			name: "validateaddress", handle: d.validateAddress,
			args:    []argument{{name: "address"}},
			summary: "Says whether an address is one of this network's, and what output script it stands for. Where an error lies in it (error_locations) is not looked for.",
		},
	}
}

// addressResult is validateaddress's.
type addressResult struct {
	IsValid   bool   `json:"isvalid"`
	Address   string `json:"address,omitempty"`
	Script    string `json:"scriptPubKey,omitempty"`
	IsScript  *bool  `json:"isscript,omitempty"`
	IsWitness *bool  `json:"iswitness,omitempty"`
	Version   *int   `json:"witness_version,omitempty"`
	Program   string `json:"witness_program,omitempty"`
	Places    []int  `json:"error_locations,omitempty"`
	Error     string `json:"error,omitempty"`
}

func (d *dispatcher) validateAddress(_ context.Context, a arguments) (any, error) {
	text, err := a.text(0)
	if err != nil {
		return nil, err
	}
	to, script := d.scriptOf(text)
	if script == nil {
		return addressResult{Error: "Invalid or unsupported Segwit (Bech32) or Base58 encoding, or an address of another network."}, nil
	}
	class := txscript.GetScriptClass(script)
	isScript := class == txscript.ScriptHashTy || class == txscript.WitnessV0ScriptHashTy || class == txscript.WitnessV1TaprootTy
	isWitness := txscript.IsWitnessProgram(script)
	r := addressResult{IsValid: true, Address: to.EncodeAddress(), Script: hex.EncodeToString(script), IsScript: &isScript, IsWitness: &isWitness}
	if isWitness {
		version, program, err := txscript.ExtractWitnessProgramInfo(script)
		if err != nil {
			return nil, err
		}
		r.Version, r.Program = &version, hex.EncodeToString(program)
	}
	return r, nil
}

// scriptOf is the output script that an address stands for, nil if it is none of this
// network's.
func (d *dispatcher) scriptOf(text string) (address.Address, []byte) {
	to, err := address.DecodeAddress(text, d.Params)
	// A public key is none, though btcd's decoder takes it for one.
	if _, key := to.(*address.AddressPubKey); err != nil || key || !to.IsForNet(d.Params) {
		return nil, nil
	}
	script, err := txscript.PayToAddrScript(to)
	if err != nil {
		return nil, nil
	}
	return to, script
}

// indexInfo is one index of getindexinfo's.
type indexInfo struct {
	Synced bool  `json:"synced"`
	Height int32 `json:"best_block_height"`
}

func (d *dispatcher) getIndexInfo(_ context.Context, a arguments) (any, error) {
	only := ""
	if a.given(0) {
		var err error
		if only, err = a.text(0); err != nil {
			return nil, err
		}
	}
	usage, info := d.Disk.Usage(), make(map[string]indexInfo)
	here := indexInfo{Synced: true, Height: d.Chain.Tip().Height}
	for name, kept := range map[string]bool{"txindex": usage.TxIndex, "basic block filter index": usage.Filters} {
		if kept && (only == "" || only == name) {
			info[name] = here
		}
	}
	return info, nil
}
