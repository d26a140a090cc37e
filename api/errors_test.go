package api

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

func TestErrorCodes(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	missing := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0)
	f.connect(missing, false)
	delete(f.blocks, *missing.Hash())
	const unknown = "00000000000000000000000000000000000000000000000000000000000000ff"
	tx := hex.EncodeToString(encode(spend(chainhash.Hash{1}, 5)))
	for _, c := range []struct {
		method, params string
		code           btcjson.RPCErrorCode
		text           string
		refusal        error
	}{
		{method: "getblock", params: `["` + unknown + `"]`, code: -5, text: "Block not found"},
		{method: "getblock", params: `["abc"]`, code: -8, text: "blockhash must be of length 64 (not 3, for 'abc')"},
		{method: "getblock", params: `["` + strings.Repeat("x", 64) + `"]`, code: -8, text: "blockhash must be hexadecimal string"},
		{method: "getblock", params: `[1]`, code: -3, text: "position 1 (blockhash)"},
		{method: "getblock", params: `["` + genesis + `","2"]`, code: -3, text: "position 2 (verbosity)"},
		{method: "getblock", params: `["` + missing.Hash().String() + `"]`, code: -1, text: "Block not available (not fully downloaded)"},
		{method: "getblockheader", params: `["` + unknown + `"]`, code: -5, text: "Block not found"},
		{method: "getblockheader", params: `["` + genesis + `",1]`, code: -3, text: "expected type bool"},
		{method: "getblockhash", params: `[-1]`, code: -8, text: "Block height out of range"},
		{method: "getblockhash", params: `[3]`, code: -8, text: "Block height out of range"},
		{method: "getblockhash", params: `[4294967296]`, code: -8, text: "Block height out of range"},
		{method: "getrawtransaction", params: `["` + unknown + `"]`, code: -5, text: "Use --txindex"},
		{method: "getrawtransaction", params: `["` + unknown + `",true,"` + unknown + `"]`, code: -5, text: "Block hash not found"},
		{method: "getrawtransaction", params: `["` + unknown + `",true,"` + f.tip.Hash.String() + `"]`, code: -5, text: "No such transaction found in the provided block"},
		{method: "getrawtransaction", params: `["4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"]`, code: -5, text: "genesis block coinbase"},
		{method: "sendrawtransaction", params: `["zz"]`, code: -22, text: "TX decode failed"},
		{method: "sendrawtransaction", params: `["00"]`, code: -22, text: "TX decode failed"},
		{method: "sendrawtransaction", params: `["` + tx + `00"]`, code: -22, text: "TX decode failed"},
		{method: "sendrawtransaction", params: `["` + tx + `",2]`, code: -8, text: "1BTC/kvB"},
		{method: "sendrawtransaction", params: `["` + tx + `",-1]`, code: -3, text: "Amount out of range"},
		{method: "sendrawtransaction", params: `["` + tx + `","1"]`, code: -3, text: "expected type number"},
		{method: "sendrawtransaction", params: `["` + tx + `"]`, code: -25, text: "missingorspent", refusal: fmt.Errorf("check: %w", ErrMissingInputs)},
		{method: "sendrawtransaction", params: `["` + tx + `"]`, code: -25, text: "Fee exceeds maximum", refusal: ErrFeeTooHigh},
		{method: "sendrawtransaction", params: `["` + tx + `"]`, code: -27, text: "already in utxo set", refusal: ErrConfirmed},
		{method: "sendrawtransaction", params: `["` + tx + `"]`, code: -26, text: "dust", refusal: errors.New("dust")},
		{method: "getrawmempool", params: `[false,true]`, code: -8, text: "sequence"},
		{method: "getmempoolentry", params: `["` + unknown + `"]`, code: -5, text: "Transaction not in mempool"},
		{method: "submitblock", params: `["zz"]`, code: -22, text: "Block decode failed"},
		{method: "submitblock", params: `["00"]`, code: -22, text: "Block decode failed"},
		{method: "generatetoaddress", params: `[1,"nonsense"]`, code: -5, text: "Invalid address"},
		{method: "generatetoaddress", params: `[1,"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"]`, code: -5, text: "Invalid address"},
		{method: "generate", params: `[-1]`, code: -8, text: "nblocks"},
		{method: "generate", params: `[10001]`, code: -8, text: "nblocks"},
		{method: "addnode", params: `["` + node1 + `","remove"]`, code: -24, text: "could not be removed"},
		{method: "addnode", params: `["` + node1 + `","toggle"]`, code: -1, text: "toggle is not add, remove or onetry"},
		{method: "addnode", params: `["192.0.2.1:8333","add"]`, code: -8, text: "write it like /ip4/"},
		{method: "addnode", params: `["/ip4/192.0.2.1/tcp/8477","add"]`, code: -8, text: "write it like /ip4/"},
		{method: "addnode", params: `["` + id1 + `","add"]`, code: -8, text: "write it like /ip4/"},
		{method: "addnode", params: `["` + node1 + `","onetry"]`, code: -9, text: "no route", refusal: errors.New("no route")},
		{method: "addnode", params: `["` + node1 + `","add"]`, code: -8, text: "itself", refusal: errors.New("that is the node itself")},
		{method: "disconnectnode", params: `["` + id1 + `"]`, code: -29, text: "Node not found in connected nodes"},
		{method: "disconnectnode", params: `["",7]`, code: -29, text: "Node not found in connected nodes"},
		{method: "disconnectnode", params: `["` + id1 + `",7]`, code: -32602, text: "Only one of address and nodeid"},
		{method: "disconnectnode", params: `[]`, code: -32602, text: "Only one of address and nodeid"},
		{method: "getaddednodeinfo", params: `["` + node1 + `"]`, code: -24, text: "has not been added"},
	} {
		t.Run(c.method+" "+printable(c.params, 60), func(t *testing.T) {
			f.refusal = c.refusal
			_, refused := call(t, prepare(t, f), c.method, c.params)
			if refused == nil || refused.Code != c.code || !strings.Contains(refused.Message, c.text) {
				t.Errorf("error %v, want %d with %q", refused, c.code, c.text)
			}
		})
	}
}
