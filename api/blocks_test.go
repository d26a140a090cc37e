package api

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
)

const statsKeys = `avgfee avgfeerate avgtxsize blockhash feerate_percentiles height ins maxfee maxfeerate maxtxsize medianfee mediantime mediantxsize
	minfee minfeerate mintxsize outs subsidy swtotal_size swtotal_weight swtxs time total_out total_size total_weight totalfee txs
	utxo_increase utxo_size_inc utxo_increase_actual utxo_size_inc_actual`

// The first block with a payment, on the main network: 50 coins become 10 and 40, for no
// fee, all to bare public keys of 67 bytes of script (8 + 1 + 67 bytes, and 41 beside).
func TestBlockStatsOfBlock170(t *testing.T) {
	b := block170(t)
	b.SetHeight(170)
	var s blockStats
	s.count(b, []chain.Output{{Value: 50 * btcutil.SatoshiPerBitcoin, Script: make([]byte, 67), Height: 9, Coinbase: true}})
	want := blockStats{
		AvgTxSize: 275, MaxTxSize: 275, MedianTxSize: 275, MinTxSize: 275, Ins: 1, Outs: 3, TotalOut: 50 * btcutil.SatoshiPerBitcoin,
		TotalSize: 275, TotalWeight: 1100, Txs: 2, Increase: 2, IncreaseActual: 2, SizeInc: 2 * 117, SizeIncActual: 2 * 117,
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestGetBlockStats(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	var txs []*wire.MsgTx
	for i := range 4 {
		tx := spend(chainhash.Hash{byte(i + 1)}, int64(btcutil.SatoshiPerBitcoin-1000*(i+1)))
		if i == 3 { // what cannot be spent is not kept
			tx.AddTxOut(wire.NewTxOut(0, []byte{txscript.OP_RETURN}))
		}
		txs = append(txs, tx)
	}
	f.connect(f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, txs...), true)
	s := prepare(t, f)
	got := get[object](t, s, "getblockstats", `[2]`)
	keys(t, got, statsKeys)
	expect(t, got, object{
		"txs": 5.0, "ins": 4.0, "outs": 6.0, "utxo_increase": 2.0, "utxo_increase_actual": 1.0, "totalfee": 10000.0, "minfee": 1000.0, "maxfee": 4000.0,
		"medianfee": 2500.0, "avgfee": 2500.0, "swtxs": 4.0, "subsidy": 50e8, "height": 2.0, "blockhash": f.tip.Hash.String(),
	})
	size, heavy := int64(txs[0].SerializeSize()), int64(weight(txs[0].SerializeSizeStripped(), txs[0].SerializeSize()))
	if got["minfeerate"] != float64(1000*4/heavy) || got["mintxsize"] != float64(size) {
		t.Errorf("rate %v, size %v", got["minfeerate"], got["mintxsize"])
	}
	// The fourth is heavier: the first two are less than half.
	if p := got["feerate_percentiles"].([]any); p[0] != float64(4000/heavy) || p[2] != float64(3*4000/heavy) {
		t.Errorf("percentiles %v", p)
	}
	some := get[object](t, s, "getblockstats", `["`+f.tip.Hash.String()+`",["txs","totalfee"]]`)
	keys(t, some, "txs totalfee")
	genesisStats := get[object](t, s, "getblockstats", "[0]")
	expect(t, genesisStats, object{"outs": 1.0, "utxo_increase": 1.0, "utxo_increase_actual": 0.0})

	side := f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 9)
	f.connect(side, false)
	for params, text := range map[string]string{
		`[-1]`: "is negative", `[3]`: "after current tip 2", `["` + side.Hash().String() + `"]`: "Block is not in chain", `[1,["size"]]`: "Invalid selected statistic 'size'",
	} {
		wantRefusal(t, s, "getblockstats", params, -8, text)
	}
}

// wantRefusal fails unless a call is refused with the code and a text that holds text.
func wantRefusal(t *testing.T, s *Server, method, params string, code btcjson.RPCErrorCode, text string) {
	t.Helper()
	result, refused := call(t, s, method, params)
	if refused == nil || refused.Code != code || !strings.Contains(refused.Message, text) {
		t.Errorf("%s %s: %s %v, want %d with %q", method, params, result, refused, code, text)
	}
}

func TestGetBlockTellsWhatWasSpent(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	f.connect(f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, spend(chainhash.Hash{1}, btcutil.SatoshiPerBitcoin-1000)), true)
	s := prepare(t, f)
	paid := func(verbosity string) object {
		all := get[object](t, s, "getblock", `["`+f.tip.Hash.String()+`",`+verbosity+`]`)["tx"].([]any)
		if _, has := all[0].(object)["fee"]; has {
			t.Error("the coinbase pays a fee")
		}
		return all[1].(object)
	}
	if tx := paid("2"); tx["fee"] != 0.00001 || tx["vin"].([]any)[0].(object)["prevout"] != nil {
		t.Errorf("verbosity 2: %v", tx)
	}
	before := paid("3")["vin"].([]any)[0].(object)["prevout"].(object)
	keys(t, before, "generated height value scriptPubKey")
	expect(t, before, object{"generated": false, "height": 1.0, "value": 1.0})
	f.refusal = errors.New("undo file is gone")
	if tx := paid("3"); tx["fee"] != nil {
		t.Errorf("fee without undo: %v", tx)
	}
}

func TestGetBlockFilter(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	s := prepare(t, f)
	tip := f.tip.Hash.String()
	wantRefusal(t, s, "getblockfilter", `["`+tip+`"]`, -1, "--cfindex")
	f.filters = true
	got := get[object](t, s, "getblockfilter", `["`+tip+`","basic"]`)
	expect(t, got, object{"filter": "017f", "header": tip})
	wantRefusal(t, s, "getblockfilter", `["`+tip+`","extended"]`, -5, "Unknown filtertype")
	wantRefusal(t, s, "getblockfilter", `["`+chainhash.Hash{7}.String()+`"]`, -5, "Block not found")
	f.refusal = ErrNotFound
	wantRefusal(t, s, "getblockfilter", `["`+tip+`"]`, -5, "not connected")
}

func TestGetChainTxStats(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(20)
	f.connect(f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, spend(chainhash.Hash{1}, 1), spend(chainhash.Hash{2}, 1)), true)
	s := prepare(t, f)
	got := get[object](t, s, "getchaintxstats", "[]")
	keys(t, got, "time txcount window_final_block_hash window_final_block_height window_block_count window_interval window_tx_count txrate")
	expect(t, got, object{"txcount": 24.0, "window_block_count": 20.0, "window_tx_count": 22.0, "window_final_block_height": 21.0})
	five := get[object](t, s, "getchaintxstats", "[5]")
	expect(t, five, object{"window_block_count": 5.0, "window_tx_count": 7.0, "window_interval": 3000.0, "txrate": 7.0 / 3000})
	below := get[object](t, s, "getchaintxstats", `{"nblocks":0,"blockhash":"`+get[string](t, s, "getblockhash", "[20]")+`"}`)
	keys(t, below, "time txcount window_final_block_hash window_final_block_height window_block_count")
	expect(t, below, object{"txcount": 21.0, "window_block_count": 0.0})
	wantRefusal(t, s, "getchaintxstats", "[21]", -8, "Invalid block count")
	wantRefusal(t, s, "getchaintxstats", "[-1]", -8, "Invalid block count")
}

func TestGetTxOut(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(5)
	mined := wire.OutPoint{Hash: chainhash.Hash{1}}
	f.spends[mined] = chain.Output{Value: 5e8, Script: []byte{txscript.OP_TRUE}, Height: 3, Coinbase: true}
	pooled := spend(chainhash.Hash{2}, 70)
	f.pending = []Pending{{Tx: btcutil.NewTx(pooled)}}
	s := prepare(t, f)
	ask := func(txid chainhash.Hash, rest string) object {
		return get[object](t, s, "gettxout", `["`+txid.String()+`",`+rest+`]`)
	}
	got := ask(mined.Hash, "0")
	keys(t, got, "bestblock confirmations value scriptPubKey coinbase")
	expect(t, got, object{"bestblock": f.tip.Hash.String(), "confirmations": 3.0, "value": 5.0, "coinbase": true})
	waiting := ask(pooled.TxHash(), "0")
	expect(t, waiting, object{"confirmations": 0.0, "value": 0.0000007, "coinbase": false})
	for name, none := range map[string]object{
		"of the mempool, which was not asked": ask(pooled.TxHash(), "0,false"),
		"beyond the transaction's last":       ask(pooled.TxHash(), "1"),
		"unknown":                             ask(mined.Hash, "1"),
	} {
		if none != nil {
			t.Errorf("output %s: %v", name, none)
		}
	}
	f.pending = append(f.pending, Pending{Tx: btcutil.NewTx(spend(mined.Hash, 1))})
	if got := ask(mined.Hash, "0"); got != nil {
		t.Errorf("spent in the mempool: %v", got)
	}
	if got := ask(mined.Hash, "0,false"); got == nil {
		t.Error("spent in the mempool only, which was not asked")
	}
	wantRefusal(t, s, "gettxout", `["`+mined.Hash.String()+`",-1]`, -1, "out of range")
}

func TestVerifyChain(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	if !get[bool](t, s, "verifychain", "[]") || f.verified != [2]int{3, 6} {
		t.Errorf("looked at %v", f.verified)
	}
	if !get[bool](t, s, "verifychain", `{"checklevel":4,"nblocks":0}`) || f.verified != [2]int{4, 0} {
		t.Errorf("looked at %v", f.verified)
	}
	f.refusal = errors.New("damage")
	if get[bool](t, s, "verifychain", "[0]") {
		t.Error("damage was overlooked")
	}
	wantRefusal(t, s, "verifychain", "[5]", -8, "from 0 to 4")
}

func TestGetBlockTemplate(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	parent := spend(chainhash.Hash{1}, 100)
	child := spend(parent.TxHash(), 90)
	f.pending = []Pending{{Tx: btcutil.NewTx(parent), Fee: 10}, {Tx: btcutil.NewTx(child), Fee: 20}}
	s := prepare(t, f)
	got := get[object](t, s, "getblocktemplate", `[{"rules":["segwit"]}]`)
	keys(t, got, `capabilities version rules vbavailable vbrequired previousblockhash transactions coinbaseaux coinbasevalue longpollid target mintime mutable
		noncerange sigoplimit sizelimit weightlimit curtime bits height default_witness_commitment`)
	expect(t, got, object{"previousblockhash": f.tip.Hash.String(), "height": 2.0, "coinbasevalue": 50e8, "bits": "207fffff", "weightlimit": 4e6, "sigoplimit": 80000.0})
	txs := got["transactions"].([]any)
	second := txs[1].(object)
	keys(t, second, "data txid hash depends fee sigops weight")
	expect(t, second, object{"txid": child.TxHash().String(), "fee": 20.0, "data": hex.EncodeToString(encode(child))})
	if on := second["depends"].([]any); len(on) != 1 || on[0] != 1.0 {
		t.Errorf("depends on %v", on)
	}
	// The commitment is what a block with these transactions must have.
	b := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, parent, child)
	script, _ := hex.DecodeString(got["default_witness_commitment"].(string))
	coinbase := b.MsgBlock().Transactions[0]
	coinbase.TxOut = append(coinbase.TxOut, wire.NewTxOut(0, script))
	coinbase.TxIn[0].Witness = wire.TxWitness{make([]byte, 32)}
	if err := blockchain.ValidateWitnessCommitment(btcutil.NewBlock(b.MsgBlock())); err != nil {
		t.Error(err)
	}
	wantRefusal(t, s, "getblocktemplate", `[]`, -8, "segwit rule set")
	wantRefusal(t, s, "getblocktemplate", `[{"mode":"x"}]`, -8, "Invalid mode")
	wantRefusal(t, s, "getblocktemplate", `[{"rules":["segwit"],"longpollid":"x"}]`, -8, "longpollid")

	main := prepare(t, newFake(&chaincfg.MainNetParams))
	wantRefusal(t, main, "getblocktemplate", `[{"rules":["segwit"]}]`, -9, "not connected")
}

func TestProposals(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	s := prepare(t, f)
	propose := func(b *btcutil.Block) any {
		return get[any](t, s, "getblocktemplate", `[{"mode":"proposal","data":"`+hex.EncodeToString(encode(b.MsgBlock()))+`"}]`)
	}
	b := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0)
	if got := propose(b); got != nil {
		t.Errorf("a good block: %v", got)
	}
	f.proposed = rule(blockchain.ErrBadCoinbaseValue)
	if got := propose(b); got != "bad-cb-amount" {
		t.Errorf("a greedy block: %v", got)
	}
	if got := propose(f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 7)); got != "inconclusive-not-best-prevblk" {
		t.Errorf("not on the tip: %v", got)
	}
	wantRefusal(t, s, "getblocktemplate", `[{"mode":"proposal"}]`, -3, "Missing data")
	wantRefusal(t, s, "getblocktemplate", `[{"mode":"proposal","data":"00"}]`, -22, "Block decode failed")
}

func TestGenerateBlock(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	pooled, fresh := spend(chainhash.Hash{1}, 100), spend(chainhash.Hash{2}, 90)
	f.pending = []Pending{{Tx: btcutil.NewTx(pooled), Fee: 10}}
	s := prepare(t, f)
	txs := `["` + hex.EncodeToString(encode(fresh)) + `","` + pooled.TxHash().String() + `"]`
	const to = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
	got := get[object](t, s, "generateblock", `["`+to+`",`+txs+`]`)
	keys(t, got, "hash")
	b := get[object](t, s, "getblock", `["`+got["hash"].(string)+`"]`)["tx"].([]any)
	if len(b) != 3 || b[1] != fresh.TxHash().String() || b[2] != pooled.TxHash().String() || f.tip.Hash.String() != got["hash"] {
		t.Errorf("transactions %v", b)
	}
	for output, script := range map[string]string{"raw(51)": "51", "raw(51)#xyz": "51", "addr(" + to + ")": "00140000000000000000000000000000000000000000"} {
		kept := get[object](t, s, "generateblock", `["`+output+`",[],false]`)
		keys(t, kept, "hash hex")
		if hex.EncodeToString(f.payTo) != script || f.tip.Height != 2 {
			t.Errorf("%s pays %x at height %d", output, f.payTo, f.tip.Height)
		}
	}
	wantRefusal(t, s, "generateblock", `["nowhere",[]]`, -5, "Invalid address or descriptor")
	wantRefusal(t, s, "generateblock", `["`+to+`",["`+chainhash.Hash{9}.String()+`"]]`, -5, "not in mempool")
	wantRefusal(t, s, "generateblock", `["`+to+`",["zz"]]`, -22, "Transaction decode failed for zz")
	f.proposed = rule(blockchain.ErrMissingTxOut)
	wantRefusal(t, s, "generateblock", `["`+to+`",[]]`, -25, "TestBlockValidity failed: bad-txns-inputs-missingorspent")
	main := prepare(t, newFake(&chaincfg.MainNetParams))
	wantRefusal(t, main, "generateblock", `["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",[]]`, -1, "regtest and simnet only")
}

func TestMiningInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(10)
	s := prepare(t, f)
	got := get[object](t, s, "getmininginfo", "[]")
	keys(t, got, "blocks bits difficulty target networkhashps pooledtx blockmintxfee chain next warnings")
	keys(t, got["next"].(object), "height bits difficulty target")
	expect(t, got, object{"blocks": 10.0, "bits": "207fffff", "chain": "regtest", "pooledtx": 0.0})
	expect(t, got["next"].(object), object{"height": 11.0, "bits": "207fffff"})
	// Two hashes a block on average, and a block in ten minutes; the first block is far from
	// the genesis block in time.
	for params, want := range map[string]float64{"[5]": 2.0 / 600, "[5,9]": 2.0 / 600, "[120,0]": 0} {
		if got := get[float64](t, s, "getnetworkhashps", params); got != want {
			t.Errorf("%s: %v, want %v", params, got, want)
		}
	}
	wantRefusal(t, s, "getnetworkhashps", "[0]", -8, "Invalid nblocks")
	wantRefusal(t, s, "getnetworkhashps", "[5,11]", -8, "does not exist")
}

func TestDeployments(t *testing.T) {
	f := newFake(&chaincfg.MainNetParams)
	s := prepare(t, f)
	got := get[object](t, s, "getdeploymentinfo", "[]")
	keys(t, got, "hash height deployments")
	all := got["deployments"].(object)
	keys(t, all, "bip34 bip65 bip66 taproot")
	expect(t, all["bip34"].(object), object{"type": "buried", "active": false, "height": 227931.0})
	expect(t, all["taproot"].(object), object{"type": "bip9", "active": false})
	expect(t, all["taproot"].(object)["bip9"].(object), object{
		"bit": 2.0, "start_time": 1619222400.0, "timeout": 0.0, "min_activation_height": 709632.0, "status": "locked_in",
	})
	wantRefusal(t, s, "getdeploymentinfo", `["`+chainhash.Hash{1}.String()+`"]`, -5, "Block not found")
}

func TestSubmitHeader(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	s := prepare(t, f)
	next := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0).MsgBlock().Header
	digits := hex.EncodeToString(encode(&next))
	if get[any](t, s, "submitheader", `["`+digits+`"]`) != nil || !f.tree.Has(next.BlockHash()) || f.tip.Height != 1 {
		t.Errorf("the header is not there, or the tip is at %d", f.tip.Height)
	}
	wantRefusal(t, s, "submitheader", `["`+digits+`00"]`, -22, "Block header decode failed")
	orphan := next
	orphan.PrevBlock = chainhash.Hash{9}
	wantRefusal(t, s, "submitheader", `["`+hex.EncodeToString(encode(&orphan))+`"]`, -25, "Must submit previous header")
	weak := next
	weak.Timestamp = weak.Timestamp.Add(-24 * 365 * 20 * 3600e9)
	for hash := weak.BlockHash(); blockchain.HashToBig(&hash).Cmp(f.params.PowLimit) > 0; hash = weak.BlockHash() {
		weak.Nonce++
	}
	wantRefusal(t, s, "submitheader", `["`+hex.EncodeToString(encode(&weak))+`"]`, -25, "")
}
