package api

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func TestRelativesInTheMempool(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	first := spend(chainhash.Hash{1}, 100)
	second := spend(first.TxHash(), 90)
	third := spend(second.TxHash(), 80)
	for _, tx := range []*wire.MsgTx{first, second, third} {
		f.pending = append(f.pending, Pending{Tx: btcutil.NewTx(tx), Fee: 1000})
	}
	s := prepare(t, f)
	a, b, c := first.TxHash().String(), second.TxHash().String(), third.TxHash().String()
	list := func(method, params string) string { return strings.Join(get[[]string](t, s, method, params), " ") }
	same(t, "ancestors", list("getmempoolancestors", `["`+c+`"]`), b+" "+a)
	same(t, "descendants", list("getmempooldescendants", `["`+a+`"]`), b+" "+c)
	same(t, "none", list("getmempooldescendants", `["`+c+`"]`), "")
	full := get[map[string]object](t, s, "getmempoolancestors", `["`+b+`",true]`)
	same(t, "descendants of an ancestor", full[a]["descendantcount"].(float64), 3)
	wantRefusal(t, s, "getmempoolancestors", `["`+chainhash.Hash{9}.String()+`"]`, -5, "not in mempool")

	spending := get[[]object](t, s, "gettxspendingprevout", `[[{"txid":"`+a+`","vout":0},{"txid":"`+c+`","vout":0}]]`)
	expect(t, spending[0], object{"txid": a, "vout": 0.0, "spendingtxid": b})
	keys(t, spending[1], "txid vout")
	wantRefusal(t, s, "gettxspendingprevout", `[[]]`, -8, "outputs are missing")
	wantRefusal(t, s, "gettxspendingprevout", `[[{"txid":"`+a+`"}]]`, -8, "vout is missing")
}

func TestEstimateSmartFee(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	blind := get[object](t, s, "estimatesmartfee", "[6]")
	keys(t, blind, "errors blocks")
	f.peers = []Peer{{Number: 1, ID: ids()[0]}}
	// The fake's mempool takes nothing below 2,000 satoshi per 1,000 bytes.
	empty := get[object](t, s, "estimatesmartfee", `[6,"conservative"]`)
	expect(t, empty, object{"feerate": 0.00002, "blocks": 6.0})
	// Three transactions of a third of a block and a bit: the third best is not in the next one.
	for i := range 4 {
		tx := spend(chainhash.Hash{byte(i)}, 1)
		tx.TxIn[0].SignatureScript = make([]byte, blockSpace/3)
		f.pending = append(f.pending, Pending{Tx: btcutil.NewTx(tx), Fee: btcutil.Amount((i + 1) * blockSpace)})
	}
	one := get[object](t, s, "estimatesmartfee", "[1]")["feerate"].(float64)
	two := get[object](t, s, "estimatesmartfee", "[2]")["feerate"].(float64)
	// Some 3, 6, 9 and 12 satoshi a byte wait. Beating the second best is enough for the first block.
	if one < 0.00005 || one > 0.00007 || two != 0.00002 {
		t.Errorf("rates %v and %v", one, two)
	}
	f.syncing = true
	keys(t, get[object](t, s, "estimatesmartfee", "[6]"), "errors blocks")
	wantRefusal(t, s, "estimatesmartfee", "[0]", -8, "between 1 and 1008")
	wantRefusal(t, s, "estimatesmartfee", `[6,"fast"]`, -8, "estimate_mode")
}

// Addresses from BIPs 173, 341 and 350, and the genesis block's.
func TestValidateAddress(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.MainNetParams))
	for address, want := range map[string]object{
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": {"isvalid": true, "isscript": false, "iswitness": false, "scriptPubKey": "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac"},
		"3P14159f73E4gFr7JterCCQh9QjiTjiZrG": {"isvalid": true, "isscript": true, "iswitness": false},
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": {
			"isvalid": true, "isscript": false, "iswitness": true, "witness_version": 0.0, "witness_program": "751e76e8199196d454941c45d1b3a323f1433bd6",
			"scriptPubKey": "0014751e76e8199196d454941c45d1b3a323f1433bd6", "address": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		},
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": {"isvalid": true, "isscript": true, "iswitness": true, "witness_version": 1.0},
		"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx":                     {"isvalid": false},
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5":                     {"isvalid": false},
		"nonsense": {"isvalid": false},
		"0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798": {"isvalid": false},
	} {
		got := get[object](t, s, "validateaddress", `["`+address+`"]`)
		expect(t, got, want)
		if (got["error"] == nil) != (got["isvalid"] == true) {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// The key and its hash are those of Bitcoin Core's functional test rpc_decodescript.py.
func TestDecodeScript(t *testing.T) {
	const key, hash = "03b0da749730dc9b4b1f4a14d6902877a92541f5368778853d9c4a0cb7802dcfb2", "5dd1d3a048119c27b28293056724d9522f26d945"
	const uncompressed = "04b0da749730dc9b4b1f4a14d6902877a92541f5368778853d9c4a0cb7802dcfb25e01fc8fde47c96c98a4f3a8123e33a38a50cf9025cc8c4494a518f991792bb7"
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	decode := func(script string) object { return get[object](t, s, "decodescript", `["`+script+`"]`) }
	pubKey := decode("21" + key + "ac")
	keys(t, pubKey, "asm type p2sh segwit")
	expect(t, pubKey, object{"asm": key + " OP_CHECKSIG", "type": "pubkey"})
	expect(t, pubKey["segwit"].(object), object{"asm": "0 " + hash, "hex": "0014" + hash, "type": "witness_v0_keyhash"})
	pubKeyHash := decode("76a914" + hash + "88ac")
	keys(t, pubKeyHash, "asm type address p2sh segwit")
	same(t, "segwit of a key's hash", pubKeyHash["segwit"].(object)["hex"].(string), "0014"+hash)
	same(t, "and of the key", pubKeyHash["segwit"].(object)["p2sh-segwit"].(string), pubKey["segwit"].(object)["p2sh-segwit"].(string))
	keys(t, decode("41"+uncompressed+"ac"), "asm type p2sh") // no witness program takes such a key
	keys(t, decode("a914"+hash+"87"), "asm type address")
	keys(t, decode("0014"+hash), "asm type address p2sh")
	keys(t, decode("6a0401020304"), "asm type")
	other := decode("51")
	expect(t, other, object{"asm": "1", "type": "nonstandard"})
	same(t, "segwit of any script", other["segwit"].(object)["type"].(string), "witness_v0_scripthash")
	keys(t, decode("4c"), "asm type") // cut off
	wantRefusal(t, s, "decodescript", `["0"]`, -8, "hexadecimal")
}

func TestIndexInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(3)
	s := prepare(t, f)
	keys(t, get[object](t, s, "getindexinfo", "[]"), "")
	f.usage.TxIndex, f.usage.Filters = true, true
	all := get[map[string]object](t, s, "getindexinfo", "[]")
	expect(t, all["txindex"], object{"synced": true, "best_block_height": 3.0})
	if one := get[object](t, s, "getindexinfo", `["basic block filter index"]`); len(all) != 2 || len(one) != 1 {
		t.Errorf("%v, %v", all, one)
	}
}

func TestLogLevel(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	for _, c := range []struct {
		method, params, result string
		level                  slog.Level
	}{
		{"debuglevel", `[]`, `"info"`, slog.LevelInfo},
		{"debuglevel", `["warn"]`, `"warn"`, slog.LevelWarn},
		{"debuglevel", `["show"]`, `"warn"`, slog.LevelWarn},
		{"logging", `[]`, `{"debug":false}`, slog.LevelWarn},
		{"logging", `[["all"]]`, `{"debug":true}`, slog.LevelDebug},
		{"logging", `[["all"],["debug"]]`, `{"debug":false}`, slog.LevelInfo},
		{"logging", `[[],["1"]]`, `{"debug":false}`, slog.LevelInfo},
	} {
		if result, refused := call(t, s, c.method, c.params); string(result) != c.result || f.level.Level() != c.level {
			t.Errorf("%s %s: %s %v, level %v", c.method, c.params, result, refused, f.level.Level())
		}
	}
	wantRefusal(t, s, "debuglevel", `["loud"]`, -32602, "debug, info, warn or error")
	wantRefusal(t, s, "logging", `[["net"]]`, -8, "unknown logging category net")
}

func TestWires(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	f.peers = []Peer{{Number: 4, ID: ids()[0]}}
	missing := f.next(f.tip.Hash, []byte{0x51}, 0)
	f.connect(missing, false)
	delete(f.blocks, *missing.Hash())
	s := prepare(t, f)
	totals := get[object](t, s, "getnettotals", "[]")
	keys(t, totals, "totalbytesrecv totalbytessent timemillis uploadtarget")
	keys(t, totals["uploadtarget"].(object), "timeframe target target_reached serve_historical_blocks bytes_left_in_cycle time_left_in_cycle")
	expect(t, totals, object{"totalbytesrecv": 20.0, "totalbytessent": 10.0})
	if now := time.UnixMilli(int64(totals["timemillis"].(float64))); time.Since(now).Abs() > time.Minute {
		t.Errorf("the time is said to be %v", now)
	}
	if get[any](t, s, "ping", "[]") != nil || f.pings != 1 {
		t.Errorf("pinged %d times", f.pings)
	}
	if get[bool](t, s, "setnetworkactive", "[false]") || !f.shut || get[object](t, s, "getnetworkinfo", "[]")["networkactive"] != false {
		t.Error("the network is active")
	}
	if !get[bool](t, s, "setnetworkactive", "[true]") || f.shut {
		t.Error("the network is not active")
	}
	ask := func(block chainhash.Hash, peer string) string { return `["` + block.String() + `",` + peer + `]` }
	keys(t, get[object](t, s, "getblockfrompeer", ask(*missing.Hash(), "4")), "")
	if len(f.fetched) != 1 || f.fetched[0] != *missing.Hash() {
		t.Errorf("fetched %v", f.fetched)
	}
	wantRefusal(t, s, "getblockfrompeer", ask(chainhash.Hash{1}, "4"), -1, "Block header missing")
	wantRefusal(t, s, "getblockfrompeer", ask(f.tip.Hash, "4"), -1, "Block already downloaded")
	wantRefusal(t, s, "getblockfrompeer", ask(*missing.Hash(), "5"), -1, "Peer does not exist")
}

// What others' programs will try is answered with what to do instead.
func TestUnsupportedMethodsSayWhatToDo(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	for method, text := range map[string]string{
		"getbalance": "keeps no wallet", "decodepsbt": "wallet", "invalidateblock": "most work", "pruneblockchain": "--prune", "getinfo": "getblockchaininfo",
		"notifyblocks": "/events", "getblokcount": "Did you mean getblockcount?", "xyzzy": "`help` lists all methods",
	} {
		wantRefusal(t, s, method, "[]", -32601, text)
	}
	d := newDispatcher(newFake(&chaincfg.RegressionNetParams).backend(), nil, quiet())
	for name := range d.absent {
		if _, here := d.byName[name]; here {
			t.Errorf("%s is here and is said not to be", name)
		}
	}
}

// Help tells of every method, in order, and every argument is named in its usage.
func TestEveryMethodHasHelp(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	all := get[string](t, s, "help", "[]")
	d := newDispatcher(newFake(&chaincfg.RegressionNetParams).backend(), nil, quiet())
	for _, m := range d.table {
		text := get[string](t, s, "help", `["`+m.name+`"]`)
		if !strings.Contains(all, "\n"+m.name) || len(m.summary) < 30 || !strings.HasSuffix(m.summary, ".") || !strings.HasPrefix(text, m.usage()+"\n\n") {
			t.Errorf("help of %s: %q", m.name, text)
		}
	}
}

// The line and the password are those of Bitcoin Core's functional test rpc_users.py.
func TestSaltedPasswords(t *testing.T) {
	const line = "rt:93648e835a54c573682c2eb19f882535$7681e9c5b74bdd85e78166031d2058e1069b3ed7ed967c93fc63abba06f31144"
	const password = "cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM="
	for _, c := range []visit{
		{name: "right", change: func(r *http.Request) { r.SetBasicAuth("rt", password) }, status: 200},
		{name: "wrong password", change: func(r *http.Request) { r.SetBasicAuth("rt", password+"x") }, status: 401},
		{name: "other user", change: func(r *http.Request) { r.SetBasicAuth("rt2", password) }, status: 401},
		{name: "the hash for a password", change: func(r *http.Request) { r.SetBasicAuth("rt", line[36:]) }, status: 401},
		{name: "second user", change: func(r *http.Request) { r.SetBasicAuth("alice", "secret") }, status: 200},
		{name: "the cookie beside", status: 200},
	} {
		c.config = func(cfg *Config) { cfg.Listen, cfg.Auth = "0.0.0.0:0", []string{line, SaltedUser("alice", "secret")} }
		t.Run(c.name, c.check)
	}
	for _, wrong := range []string{"", "alice", "alice:x", "alice:salt$zz", ":salt$" + line[36:], "alice:$" + line[36:], "alice:salt$00"} {
		cfg := DefaultConfig(t.TempDir())
		cfg.Auth = []string{wrong}
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "pappus rpcauth") || strings.Contains(err.Error(), "zz") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
