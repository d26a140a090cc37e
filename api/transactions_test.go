package api

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func TestMempool(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	parent := spend(chainhash.Hash{1}, 100)
	child := spend(parent.TxHash(), 90)
	other := spend(chainhash.Hash{2}, 80)
	other.TxIn[0].Sequence = 0xffffffff
	for i, tx := range []*wire.MsgTx{parent, child, other} {
		f.pending = append(f.pending, Pending{Tx: btcutil.NewTx(tx), Fee: btcutil.Amount(1000 * (i + 1)), Added: time.Unix(1700000000, 0), Height: 1})
	}
	s := prepare(t, f)
	if ids := get[[]string](t, s, "getrawmempool", "[]"); len(ids) != 3 || ids[0] != parent.TxHash().String() {
		t.Errorf("ids %v", ids)
	}
	all := get[map[string]object](t, s, "getrawmempool", "[true]")
	e := all[child.TxHash().String()]
	keys(t, e, "size vsize weight fee time height descendantcount descendantsize ancestorcount ancestorsize wtxid fees depends spentby bip125-replaceable unbroadcast")
	size := e["vsize"].(float64)
	expect(t, e, object{"time": 1700000000.0, "height": 1.0, "ancestorcount": 2.0, "ancestorsize": 2 * size, "descendantcount": 1.0, "descendantsize": size, "bip125-replaceable": true, "wtxid": child.WitnessHash().String()})
	if fees := e["fees"].(object); fees["base"] != 0.00002 || fees["ancestor"] != 0.00003 || fees["descendant"] != 0.00002 {
		t.Errorf("fees %v", fees)
	}
	if got := all[parent.TxHash().String()]["spentby"].([]any); len(got) != 1 || got[0] != child.TxHash().String() {
		t.Errorf("spent by %v", got)
	}
	one := get[object](t, s, "getmempoolentry", `["`+other.TxHash().String()+`"]`)
	if one["bip125-replaceable"] != false || len(one["depends"].([]any)) != 0 {
		t.Errorf("entry %v", one)
	}
	info := get[object](t, s, "getmempoolinfo", "[]")
	if info["size"] != 3.0 || info["bytes"] != 3*size || info["total_fee"] != 0.00006 {
		t.Errorf("info %v", info)
	}
}

func TestRawTransactions(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	mined, sent := spend(chainhash.Hash{1}, 100), spend(chainhash.Hash{2}, 200)
	b := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, mined)
	f.connect(b, true)
	s := prepare(t, f)
	raw := hex.EncodeToString(encode(sent))

	for params, limit := range map[string]btcutil.Amount{
		`["` + raw + `"]`: 10_000_000, `["` + raw + `",0]`: 0, `["` + raw + `",0.00001]`: 1000, `["` + raw + `",1]`: 100_000_000,
		`["` + raw + `",true]`: 0, `["` + raw + `",false]`: 10_000_000, `{"hexstring":"` + raw + `","maxfeerate":0.2}`: 20_000_000,
	} {
		if got := get[string](t, s, "sendrawtransaction", params); got != sent.TxHash().String() || f.limit != limit {
			t.Errorf("%s: %s with limit %v", params, got, f.limit)
		}
	}
	f.refusal = ErrPending
	if got := get[string](t, s, "sendrawtransaction", `["`+raw+`"]`); got != sent.TxHash().String() {
		t.Errorf("sent again: %s", got)
	}

	txid := sent.TxHash().String()
	if got := get[string](t, s, "getrawtransaction", `["`+txid+`"]`); got != raw {
		t.Errorf("raw %s", got)
	}
	pending := get[object](t, s, "getrawtransaction", `["`+txid+`",1]`)
	keys(t, pending, "txid hash version size vsize weight locktime vin vout hex")

	txid = mined.TxHash().String()
	in := get[object](t, s, "getrawtransaction", `["`+txid+`",true,"`+b.Hash().String()+`"]`)
	keys(t, in, "in_active_chain txid hash version size vsize weight locktime vin vout hex blockhash confirmations time blocktime")
	if in["in_active_chain"] != true || in["confirmations"] != 1.0 || in["blockhash"] != b.Hash().String() {
		t.Errorf("in block: %v", in)
	}
	f.usage.TxIndex = true
	if got := get[btcjson.TxRawResult](t, s, "getrawtransaction", `{"txid":"`+txid+`","verbosity":1}`); got.BlockHash != b.Hash().String() || got.Confirmations != 1 {
		t.Errorf("by index: %+v", got)
	}
	decoded := get[object](t, s, "decoderawtransaction", `["`+raw+`"]`)
	keys(t, decoded, "txid hash version size vsize weight locktime vin vout")
}
