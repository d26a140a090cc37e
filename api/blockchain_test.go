package api

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

func TestGetBlockOfMainNetwork(t *testing.T) {
	block := block170(t)
	s := prepare(t, newFake(&chaincfg.MainNetParams))
	d := newDispatcher(newFake(&chaincfg.MainNetParams).backend(), nil, quiet())
	if got := block.Hash().String(); got != "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee" {
		t.Fatalf("block %s", got)
	}
	payment, err := d.transaction(block.Transactions()[1])
	if err != nil {
		t.Fatal(err)
	}
	payment.Hex = ""
	got, err := json.MarshalIndent(payment, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "txid": "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
 "hash": "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
 "version": 1,
 "size": 275,
 "vsize": 275,
 "weight": 1100,
 "locktime": 0,
 "vin": [
  {
   "txid": "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9",
   "vout": 0,
   "scriptSig": {
    "asm": "304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901",
    "hex": "47304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901"
   },
   "sequence": 4294967295
  }
 ],
 "vout": [
  {
   "value": 10.00000000,
   "n": 0,
   "scriptPubKey": {
    "asm": "04ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84c OP_CHECKSIG",
    "hex": "4104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac",
    "type": "pubkey"
   }
  },
  {
   "value": 40.00000000,
   "n": 1,
   "scriptPubKey": {
    "asm": "0411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3 OP_CHECKSIG",
    "hex": "410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac",
    "type": "pubkey"
   }
  }
 ]
}`
	if string(got) != want {
		t.Errorf("transaction\n%s", got)
	}
	const genesis = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
	b := get[object](t, s, "getblock", `["`+genesis+`"]`)
	keys(t, b, "hash confirmations height version versionHex merkleroot time mediantime nonce bits target difficulty chainwork nTx strippedsize size weight tx")
	expect(t, b, object{
		"confirmations": 1.0, "height": 0.0, "versionHex": "00000001", "nTx": 1.0, "size": 285.0, "strippedsize": 285.0, "weight": 1140.0,
		"time": 1231006505.0, "mediantime": 1231006505.0, "nonce": 2083236893.0, "bits": "1d00ffff", "difficulty": 1.0,
		"target":    "00000000ffff0000000000000000000000000000000000000000000000000000",
		"chainwork": "0000000000000000000000000000000000000000000000000000000100010001",
	})
}

func TestGetBlock(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	paid := spend(chainhash.Hash{7}, 123456789)
	b := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, paid)
	f.connect(b, true)
	f.grow(1)
	s := prepare(t, f)
	hash := b.Hash().String()

	if got := get[string](t, s, "getblock", `["`+hash+`",0]`); got != hex.EncodeToString(f.blocks[*b.Hash()]) {
		t.Errorf("raw block %s", got)
	}
	if get[string](t, s, "getblock", `["`+hash+`",false]`) == "" {
		t.Error("verbosity false")
	}
	one := get[btcjson.GetBlockVerboseResult](t, s, "getblock", `["`+hash+`"]`)
	if one.Height != 3 || one.Confirmations != 2 || len(one.Tx) != 2 || one.Tx[1] != paid.TxHash().String() || one.NextHash != f.tip.Hash.String() || one.PreviousHash != b.MsgBlock().Header.PrevBlock.String() {
		t.Errorf("verbosity 1: %+v", one)
	}
	if int(one.Size) != b.MsgBlock().SerializeSize() || int64(one.Weight) != blockchain.GetBlockWeight(b) {
		t.Errorf("size %d, weight %d", one.Size, one.Weight)
	}
	two := get[btcjson.GetBlockVerboseTxResult](t, s, "getblock", `{"blockhash":"`+hash+`","verbosity":2}`)
	tx := two.Tx[1]
	if tx.Txid != paid.TxHash().String() || tx.Hash != paid.WitnessHash().String() || tx.Vout[0].Value != 1.23456789 || !slices.Equal(tx.Vin[0].Witness, []string{"010203", "04"}) {
		t.Errorf("verbosity 2: %+v", tx)
	}
	if out := tx.Vout[0].ScriptPubKey; out.Type != "witness_v0_keyhash" || out.Address != "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202" {
		t.Errorf("output %+v", out)
	}
	if !two.Tx[0].Vin[0].IsCoinBase() {
		t.Errorf("coinbase %+v", two.Tx[0])
	}
}

func TestSideBranchesAndHeadersAhead(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(5)
	at := func(height int32) chainhash.Hash { e, _ := f.tree.Ancestor(f.tip.Hash, height); return e.Hash }
	stale := f.next(at(2), []byte{txscript.OP_TRUE}, 1)
	f.connect(stale, false)
	bad := f.next(at(1), []byte{txscript.OP_TRUE}, 2)
	f.connect(bad, false)
	f.tree.Invalidate(*bad.Hash())
	ahead := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 3)
	f.connect(ahead, false)
	delete(f.blocks, *ahead.Hash())
	s := prepare(t, f)

	tips := get[[]btcjson.GetChainTipsResult](t, s, "getchaintips", "[]")
	want := []btcjson.GetChainTipsResult{
		{Height: 6, Hash: ahead.Hash().String(), BranchLen: 1, Status: "headers-only"},
		{Height: 5, Hash: f.tip.Hash.String(), BranchLen: 0, Status: "active"},
		{Height: 3, Hash: stale.Hash().String(), BranchLen: 1, Status: "valid-headers"},
		{Height: 2, Hash: bad.Hash().String(), BranchLen: 1, Status: "invalid"},
	}
	if !slices.Equal(tips, want) {
		t.Errorf("tips %+v", tips)
	}
	for hash, confirmations := range map[chainhash.Hash]int64{*stale.Hash(): -1, *ahead.Hash(): -1, f.tip.Hash: 1, at(2): 4} {
		h := get[btcjson.GetBlockHeaderVerboseResult](t, s, "getblockheader", `["`+hash.String()+`"]`)
		if h.Confirmations != confirmations {
			t.Errorf("height %d: %d confirmations, want %d", h.Height, h.Confirmations, confirmations)
		}
		if onMain := confirmations > 1; onMain != (h.NextHash != "") {
			t.Errorf("height %d: next %q", h.Height, h.NextHash)
		}
	}
	info := get[object](t, s, "getblockchaininfo", "[]")
	if info["blocks"] != 5.0 || info["headers"] != 6.0 || info["verificationprogress"] != 5.0/6 {
		t.Errorf("info %v", info)
	}
	// The tip's predecessors, whatever the best headers are.
	if got := get[string](t, s, "getblockhash", "[5]"); got != f.tip.Hash.String() {
		t.Errorf("hash at the tip: %s", got)
	}
}

func TestGetBlockchainInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(12)
	f.usage = Usage{Bytes: 4711}
	s := prepare(t, f)
	info := get[object](t, s, "getblockchaininfo", "[]")
	const always = "chain blocks headers bestblockhash bits target difficulty time mediantime verificationprogress initialblockdownload chainwork size_on_disk pruned warnings"
	keys(t, info, always)
	tip, _ := f.tree.Lookup(f.tip.Hash)
	expect(t, info, object{
		"chain": "regtest", "blocks": 12.0, "headers": 12.0, "bestblockhash": f.tip.Hash.String(), "bits": "207fffff", "verificationprogress": 1.0,
		"difficulty": 4.6565423739069247e-10, "initialblockdownload": false, "size_on_disk": 4711.0, "pruned": false,
		"mediantime": float64(tip.Header.Timestamp.Add(-50 * time.Minute).Unix()), // the sixth of eleven, ten minutes apart
		"chainwork":  "000000000000000000000000000000000000000000000000000000000000001a",
	})
	f.usage, f.syncing = Usage{Pruned: true, PruneHeight: 3, PruneTarget: 1 << 30}, true
	info = get[object](t, s, "getblockchaininfo", "[]")
	keys(t, info, always+" pruneheight automatic_pruning prune_target_size")
	if info["initialblockdownload"] != true || info["pruneheight"] != 3.0 {
		t.Errorf("pruned: %v", info)
	}
	delete(f.blocks, *f.params.GenesisHash)
	if _, refused := call(t, s, "getblock", `["`+genesis+`"]`); refused == nil || refused.Message != "Block not available (pruned data)" {
		t.Errorf("pruned block: %v", refused)
	}
	for params, want := range map[*chaincfg.Params]string{&chaincfg.MainNetParams: "main", &chaincfg.TestNet4Params: "testnet4", &chaincfg.SigNetParams: "signet", &chaincfg.SimNetParams: "simnet"} {
		if got := chainName(params); got != want {
			t.Errorf("chain %s, want %s", got, want)
		}
	}
}

func TestSyncInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	info := get[object](t, prepare(t, f), "getsyncinfo", "[]")
	keys(t, info, "syncing headers blocks peers bytespersecond eta inflight held")
	if info["blocks"] != 2.0 || info["eta"] != 90.0 {
		t.Errorf("info %v", info)
	}
}
