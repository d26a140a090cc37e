package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

func (d *dispatcher) generateBlockMethod() method {
	return method{
		name: "generateblock", handle: d.generateBlock, heavy: true,
		args: []argument{{name: "output"}, {name: "transactions"}, {name: "submit", optional: true}},
		summary: "Mines one block with the given transactions, ids of the mempool's or whole ones in hexadecimal, in that order and no others, " +
			"and returns its hash; with submit=false also the block itself, which is not submitted. output is an address, addr(ADDRESS) or raw(SCRIPT). On regtest and simnet only.",
	}
}

// generatedBlock is what generateblock returns.
type generatedBlock struct {
	Hash string `json:"hash"`
	Hex  string `json:"hex,omitempty"`
}

func (d *dispatcher) generateBlock(ctx context.Context, a arguments) (any, error) {
	if err := d.mayMine(a.method.name); err != nil {
		return nil, err
	}
	output, err := a.text(0)
	if err != nil {
		return nil, err
	}
	script, err := d.payScript(output)
	if err != nil {
		return nil, err
	}
	txs, err := d.chosenTxs(a, 1)
	if err != nil {
		return nil, err
	}
	submit, err := a.flag(2, true)
	if err != nil {
		return nil, err
	}
	block, err := d.Templates.MineTxs(ctx, script, txs)
	if _, broken := errors.AsType[blockchain.RuleError](err); broken {
		return nil, refuse(btcjson.ErrRPCVerify, "TestBlockValidity failed: %s", verdictOf(err))
	}
	if err != nil {
		return nil, err
	}
	r := generatedBlock{Hash: block.Hash().String()}
	if submit {
		return r, d.Miner.SubmitBlock(block)
	}
	raw, err := block.Bytes()
	r.Hex = hex.EncodeToString(raw)
	return r, err
}

// payScript reads an address or one of two descriptors.
func (d *dispatcher) payScript(output string) ([]byte, error) {
	invalid := refuse(btcjson.ErrRPCInvalidAddressOrKey, "Error: Invalid address or descriptor: it is an address, addr(ADDRESS) or raw(SCRIPT)")
	text, _, _ := strings.Cut(output, "#") // a descriptor may end in a checksum
	if inner, ok := strings.CutPrefix(text, "raw("); ok {
		script, err := hex.DecodeString(strings.TrimSuffix(inner, ")"))
		if err != nil || !strings.HasSuffix(inner, ")") {
			return nil, invalid
		}
		return script, nil
	}
	if inner, ok := strings.CutPrefix(text, "addr("); ok {
		text = strings.TrimSuffix(inner, ")")
	}
	to, err := address.DecodeAddress(text, d.Params)
	if err != nil || !to.IsForNet(d.Params) {
		return nil, invalid
	}
	script, err := txscript.PayToAddrScript(to)
	if err != nil {
		return nil, invalid
	}
	return script, nil
}

// chosenTxs reads an array of ids of the mempool's transactions and whole ones.
func (d *dispatcher) chosenTxs(a arguments, i int) ([]*btcutil.Tx, error) {
	var words []string
	if kindOf(a.values[i]) != "array" || json.Unmarshal(a.values[i], &words) != nil {
		return nil, a.wrongType(i, "array")
	}
	var txs []*btcutil.Tx
	for _, word := range words {
		if txid, err := chainhash.NewHashFromStr(word); err == nil && len(word) == 2*chainhash.HashSize {
			p, ok := d.Pool.Entry(*txid)
			if !ok {
				return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Transaction %s not in mempool.", txid)
			}
			txs = append(txs, p.Tx)
			continue
		}
		raw, err := hex.DecodeString(word)
		if err != nil {
			return nil, refuse(btcjson.ErrRPCDeserialization, "Transaction decode failed for %s. Make sure the tx has at least one input.", clip(word))
		}
		tx, err := btcutil.NewTxFromBytes(raw)
		if err != nil || len(tx.MsgTx().TxIn) == 0 {
			return nil, refuse(btcjson.ErrRPCDeserialization, "Transaction decode failed for %s. Make sure the tx has at least one input.", clip(word))
		}
		txs = append(txs, tx)
	}
	return txs, nil
}
