package api

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/multiformats/go-multiaddr"
)

const (
	id1   = "12D3KooWA4mYTaYTzCu6nEY5HgDHkbK8cDjBYcxsWQvyHXXSKsML"
	node1 = "/ip4/192.0.2.1/tcp/8477/p2p/" + id1
)

type object = map[string]any

// keys fails unless the object has exactly these keys.
func keys(t *testing.T, got object, want string) {
	t.Helper()
	fields := strings.Fields(want)
	slices.Sort(fields)
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, fields) {
		t.Errorf("keys\n%v, want\n%v", have, fields)
	}
}

// expect fails for every key that has another value.
func expect(t *testing.T, got, want object) {
	t.Helper()
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %v, want %v", key, got[key], value)
		}
	}
}

// The block is from the main network; the values are those that bitcoind gives.
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

// Each row is a call that fails with bitcoind's code.
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

func TestGetPeerInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	since := time.Unix(1700000000, 0)
	f.peers = []Peer{
		{Number: 2, ID: ids()[1], Addr: multiaddr.StringCast("/ip4/127.0.0.1/udp/9000/quic-v1"), Inbound: true, Agent: "<script>\n\x00\xff"},
		{
			Number: 1, ID: ids()[0], Addr: multiaddr.StringCast("/ip4/8.8.8.8/tcp/8477"), Local: multiaddr.StringCast("/ip4/10.0.0.1/tcp/8477"),
			Kept: true, Connected: since, Ping: 25 * time.Millisecond, MinPing: 20 * time.Millisecond, Services: 5, Agent: "pappus/0.1", Version: 1,
			Start: 7, SyncedHeader: 9, SyncedBlock: 8, InFlight: []int32{9}, BytesSent: 10, BytesRcv: 20, LastSend: since, Syncing: true,
		},
	}
	s := prepare(t, f)
	peers := get[[]object](t, s, "getpeerinfo", "[]")
	first, second := peers[0], peers[1]
	// Bitcoin Core's 30.0 that mean something here, then btcd's, then ours.
	const always = `id addr addrbind network services servicesnames relaytxes lastsend lastrecv last_transaction last_block bytessent bytesrecv
		conntime timeoffset version subver inbound startingheight synced_headers synced_blocks inflight permissions minfeefilter
		bytessent_per_msg bytesrecv_per_msg connection_type transport_protocol_type session_id
		banscore feefilter syncnode v2_connection peerid`
	keys(t, first, always+" pingtime minping currentheight")
	keys(t, second, always)
	expect(t, first, object{
		"id": 1.0, "addr": "/ip4/8.8.8.8/tcp/8477/p2p/" + ids()[0].String(), "addrbind": "/ip4/10.0.0.1/tcp/8477", "network": "ipv4",
		"services": "0000000000000005", "conntime": 1700000000.0, "lastrecv": 0.0, "pingtime": 0.025, "minping": 0.02, "subver": "pappus/0.1",
		"inbound": false, "startingheight": 7.0, "synced_headers": 9.0, "synced_blocks": 8.0, "connection_type": "manual", "transport_protocol_type": "tcp",
	})
	expect(t, second, object{
		"subver": "<script>???", "inbound": true, "connection_type": "inbound", "network": "not_publicly_routable", "transport_protocol_type": "quic-v1",
	})
	// As bytes it holds no markup for a page that forgets to escape.
	raw, _ := call(t, s, "getpeerinfo", "[]")
	if strings.Contains(string(raw), "<script>") {
		t.Errorf("markup in %s", raw)
	}
	info := get[object](t, s, "getnetworkinfo", "[]")
	expect(t, info, object{"connections": 2.0, "connections_in": 1.0, "connections_out": 1.0, "relayfee": 0.00001, "localservices": "0000000000000001", "networkactive": true})
	if got := get[int](t, s, "getconnectioncount", "[]"); got != 2 {
		t.Errorf("%d connections", got)
	}
}

func TestNodesAreKeptAndLetGo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	f.peers = []Peer{{Number: 4, ID: ids()[0], Addr: multiaddr.StringCast("/ip4/192.0.2.1/tcp/8477")}, {Number: 5, ID: ids()[1]}}
	s := prepare(t, f)
	id := ids()[0].String()
	node := "/ip4/192.0.2.1/tcp/8477/p2p/" + id
	get[any](t, s, "addnode", `{"node":"`+node+`","command":"add","v2transport":true}`)
	if _, refused := call(t, s, "addnode", `["`+node+`","add"]`); refused == nil || refused.Code != -23 {
		t.Errorf("added twice: %v", refused)
	}
	added := get[[]btcjson.GetAddedNodeInfoResult](t, s, "getaddednodeinfo", "[]")
	if len(added) != 1 || added[0].AddedNode != node || !*added[0].Connected || (*added[0].Addresses)[0].Connected != "outbound" {
		t.Errorf("added %+v", added)
	}
	get[any](t, s, "addnode", `["`+id+`","remove"]`)
	if len(f.kept) != 0 {
		t.Errorf("kept %v", f.kept)
	}
	get[any](t, s, "addnode", `["`+node+`","onetry"]`)
	if len(f.dialled) != 1 || f.dialled[0] != ids()[0] {
		t.Errorf("dialled %v", f.dialled)
	}
	for _, params := range []string{`["` + id + `"]`, `["` + node + `"]`, `["/ip4/192.0.2.1/tcp/8477"]`, `["",4]`, `{"nodeid":4}`} {
		f.cut = nil
		get[any](t, s, "disconnectnode", params)
		if len(f.cut) != 1 || f.cut[0] != ids()[0] {
			t.Errorf("disconnectnode %s cut %v", params, f.cut)
		}
	}
}

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

func TestMining(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	const to = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
	hashes := get[[]string](t, s, "generatetoaddress", `[3,"`+to+`",1000000]`)
	if len(hashes) != 3 || hashes[2] != f.tip.Hash.String() || len(f.payTo) != 22 {
		t.Errorf("mined %v to %x", hashes, f.payTo)
	}
	if hashes := get[[]string](t, s, "generate", `[2]`); len(hashes) != 2 || f.payTo != nil {
		t.Errorf("mined %v", hashes)
	}
	if hashes := get[[]string](t, s, "generate", `[0]`); hashes == nil || len(hashes) != 0 {
		t.Errorf("mined %v", hashes)
	}
	other := prepare(t, newFake(&chaincfg.MainNetParams))
	if _, refused := call(t, other, "generate", `[1]`); refused == nil || !strings.Contains(refused.Message, "regtest and simnet only, not on mainnet") {
		t.Errorf("on the main network: %v", refused)
	}
}

func TestSubmitBlock(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	s := prepare(t, f)
	submit := func(b *btcutil.Block) any {
		t.Helper()
		return get[any](t, s, "submitblock", `["`+hex.EncodeToString(encode(b.MsgBlock()))+`",{"workid":"x"}]`)
	}
	good := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0)
	if got := submit(good); got != nil || f.tip.Hash != *good.Hash() {
		t.Errorf("good block: %v", got)
	}
	if got := submit(good); got != "duplicate" {
		t.Errorf("again: %v", got)
	}
	f.tree.Invalidate(*good.Hash())
	if got := submit(good); got != "duplicate-invalid" {
		t.Errorf("after invalidation: %v", got)
	}
	mutated := f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 1, spend(chainhash.Hash{1}, 1))
	mutated.MsgBlock().Transactions = mutated.MsgBlock().Transactions[:1]
	if got := submit(mutated); got != "bad-txnmrklroot" {
		t.Errorf("mutated: %v", got)
	}
	orphan := f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 2)
	orphan.MsgBlock().Header.PrevBlock = chainhash.Hash{9}
	if got := submit(btcutil.NewBlock(orphan.MsgBlock())); got != "prev-blk-not-found" {
		t.Errorf("orphan: %v", got)
	}
	f.refusal = fmt.Errorf("block: %w", blockchain.RuleError{ErrorCode: blockchain.ErrBadCoinbaseValue, Description: "too much"})
	if got := submit(f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 3)); got != "bad-cb-amount" {
		t.Errorf("rule: %v", got)
	}
	f.refusal = errors.New("the disk is nearly full")
	if got := submit(f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 4)); got != "rejected: the disk is nearly full" {
		t.Errorf("other error: %v", got)
	}
}

// 8,000,000 digits and what is around them pass; see TestServerTurnsAway for more.
func TestSubmitBlockOfFourMegabytes(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	large := spend(chainhash.Hash{1}, 1)
	large.TxIn[0].Witness = wire.TxWitness{make([]byte, wire.MaxBlockPayload-500)}
	b := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, large)
	s := prepare(t, f)
	if got := get[any](t, s, "submitblock", `["`+hex.EncodeToString(encode(b.MsgBlock()))+`"]`); got != nil || f.tip.Height != 1 {
		t.Errorf("verdict %v", got)
	}
	if got := get[string](t, s, "getblock", `["`+b.Hash().String()+`",0]`); len(got) != 2*b.MsgBlock().SerializeSize() {
		t.Errorf("%d digits", len(got))
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
