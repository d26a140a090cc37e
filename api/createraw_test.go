package api

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

// The program of BIP 173's examples on regtest, and its script.
const (
	somebody     = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
	somebodyPays = "0014751e76e8199196d454941c45d1b3a323f1433bd6"
)

func TestCreateRawTransaction(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	txid := strings.Repeat("ab", chainhash.HashSize)
	in := `[{"txid":"` + txid + `","vout":1}]`
	made := func(params string) *btcutil.Tx {
		t.Helper()
		raw, err := hex.DecodeString(get[string](t, s, "createrawtransaction", params))
		if err != nil {
			t.Fatal(err)
		}
		tx, err := btcutil.NewTxFromBytes(raw)
		if err != nil {
			t.Fatalf("%s: %v", params, err)
		}
		return tx
	}
	tx := made(`[` + in + `,[{"` + somebody + `":49.9999},{"data":"c0ffee"}]]`).MsgTx()
	if tx.Version != 2 || tx.LockTime != 0 || len(tx.TxIn) != 1 || len(tx.TxOut) != 2 {
		t.Fatalf("%+v", tx)
	}
	if out := tx.TxIn[0].PreviousOutPoint; out.Hash.String() != txid || out.Index != 1 || tx.TxIn[0].Sequence != 0xfffffffd || len(tx.TxIn[0].SignatureScript) > 0 {
		t.Errorf("spends %v with %+v", out, tx.TxIn[0])
	}
	if tx.TxOut[0].Value != 4_999_990_000 || hex.EncodeToString(tx.TxOut[0].PkScript) != somebodyPays {
		t.Errorf("pays %+v", tx.TxOut[0])
	}
	if tx.TxOut[1].Value != 0 || hex.EncodeToString(tx.TxOut[1].PkScript) != "6a03c0ffee" {
		t.Errorf("carries %+v", tx.TxOut[1])
	}
	// The order of an array is kept, amounts may be strings, and the smallest and the
	// largest are exact: 0.1 + 0.2 is a float's affair, not a wallet's.
	to, err := address.NewAddressScriptHashFromHash(make([]byte, 20), &chaincfg.RegressionNetParams)
	if err != nil {
		t.Fatal(err)
	}
	p2sh := to.EncodeAddress()
	tx = made(`[` + in + `,[{"` + somebody + `":"20999999.99999999"},{"` + p2sh + `":0.00000001}],7,false]`).MsgTx()
	if tx.TxOut[0].Value != 20_999_999_99999999 || tx.TxOut[1].Value != 1 || tx.LockTime != 7 {
		t.Errorf("pays %d and %d after %d", tx.TxOut[0].Value, tx.TxOut[1].Value, tx.LockTime)
	}
	if class := txscript.GetScriptClass(tx.TxOut[1].PkScript); class != txscript.ScriptHashTy {
		t.Errorf("pays to %v", class)
	}
	for params, want := range map[string]uint32{
		`[` + in + `,{}]`: 0xfffffffd, `[` + in + `,{},0,false]`: 0xffffffff, `[` + in + `,{},5,false]`: 0xfffffffe,
		`[[{"txid":"` + txid + `","vout":0,"sequence":9}],{}]`: 9,
	} {
		if got := made(params).MsgTx().TxIn[0].Sequence; got != want {
			t.Errorf("%s: sequence %x, want %x", params, got, want)
		}
	}
}

func TestCreateRawTransactionRefuses(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	txid := strings.Repeat("ab", chainhash.HashSize)
	for params, want := range map[string]string{
		`["a",{}]`: "expected type array", `[[{"txid":"ab","vout":0}],{}]`: "64 hexadecimal digits",
		`[[{"txid":"` + txid + `"}],{}]`: "missing vout", `[[{"txid":"` + txid + `","vout":-1}],{}]`: "cannot be negative",
		`[[{"txid":"` + txid + `","vout":4294967296}],{}]`:      "cannot be negative",
		`[[],{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4":1}]`: "Invalid Bitcoin address",
		`[[],[{"` + somebody + `":1},{"` + somebody + `":2}]]`:  "duplicated address",
		`[[],{"` + somebody + `":-1}]`:                          "out of range", `[[],{"` + somebody + `":21000000.1}]`: "out of range",
		`[[],{"` + somebody + `":0.000000001}]`: "Invalid amount", `[[],{"` + somebody + `":"much"}]`: "Invalid amount",
		`[[],{"` + somebody + `":1e-3}]`: "Invalid amount", `[[],{"` + somebody + `":{}}]`: "Invalid amount", `[[],[7]]`: "not an object", `[[],{"data":"xx"}]`: "hexadecimal",
		`[[],{"data":"` + strings.Repeat("00", 521) + `"}]`: "520 bytes", `[[],{},-1]`: "locktime out of range",
	} {
		if _, refused := call(t, s, "createrawtransaction", params); refused == nil || !strings.Contains(refused.Message, want) {
			t.Errorf("%s: %v, want %q", params, refused, want)
		}
	}
}
