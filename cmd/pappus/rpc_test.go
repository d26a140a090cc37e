package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/rpcclient"

	"github.com/pappus-network/pappus/internal/purse"
)

// client is btcd's own client of a running node; without a user it takes the cookie.
func (r *running) client(t *testing.T, user, password string) *rpcclient.Client {
	t.Helper()
	addr, err := os.ReadFile(filepath.Join(r.dir, "regtest", "api"))
	if err != nil {
		t.Fatal(err)
	}
	cookie := ""
	if user == "" {
		cookie = filepath.Join(r.dir, "regtest", ".cookie")
	}
	c, err := rpcclient.New(&rpcclient.ConnConfig{
		Host: strings.TrimSpace(string(addr)), CookiePath: cookie, User: user, Pass: password, HTTPPostMode: true, DisableTLS: true, Params: chaincfg.RegressionNetParams.Name,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Shutdown(); c.WaitForShutdown() })
	return c
}

// ask calls a method and decodes its result.
func ask[T any](t *testing.T, c *rpcclient.Client, method string, params ...any) T {
	t.Helper()
	words := make([]json.RawMessage, 0, len(params))
	for _, p := range params {
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, raw)
	}
	raw, err := c.RawRequest(method, words)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	var result T
	if err := json.Unmarshal(raw, &result); err != nil {
		t.Fatalf("%s: %v in %s", method, err, raw)
	}
	return result
}

// btcd's client against a whole node: what the API's own tests check of a fake one is true
// of a real chain.
func TestRPCClientAgainstANode(t *testing.T) {
	r := start(t, "--broadcast", "gossip", "--cfindex", "--txindex", "--rpcuser", "alice", "--rpcpassword", "secret")
	c := r.client(t, "alice", "secret")
	hashes := ask[[]*chainhash.Hash](t, c, "generate", 102)

	block, err := c.GetBlock(hashes[0])
	if err != nil {
		t.Fatal(err)
	}
	coin := purse.Mined(btcutil.NewBlock(block))[0]
	out, err := c.GetTxOut(&coin.Out.Hash, coin.Out.Index, true)
	if err != nil || out == nil || out.Value != 50 || !out.Coinbase || out.Confirmations != 102 {
		t.Errorf("GetTxOut: %+v, %v", out, err)
	}

	// A miner with a template of its own: solve it and submit it.
	paid := purse.Pay(purse.Payment{Fee: 5000}, coin)
	if _, err := c.SendRawTransaction(paid.MsgTx(), true); err != nil {
		t.Fatal(err)
	}
	if out, err := c.GetTxOut(&coin.Out.Hash, coin.Out.Index, true); err != nil || out != nil {
		t.Errorf("GetTxOut of what the mempool spends: %+v, %v", out, err)
	}
	template, err := c.GetBlockTemplate(&btcjson.TemplateRequest{Rules: []string{"segwit"}})
	if err != nil || template.Height != 103 || len(template.Transactions) != 1 || *template.CoinbaseValue != 50*btcutil.SatoshiPerBitcoin+5000 {
		t.Fatalf("GetBlockTemplate: %+v, %v", template, err)
	}
	mined := ask[struct{ Hash string }](t, c, "generateblock", "raw(51)", []string{paid.Hash().String()})
	hash, err := chainhash.NewHashFromStr(mined.Hash)
	if err != nil {
		t.Fatal(err)
	}

	stats, err := c.GetBlockStats(hash, nil)
	if err != nil || stats.Txs != 2 || stats.Ins != 1 || stats.MinFee != 5000 || stats.Height != 103 {
		t.Errorf("GetBlockStats: %+v, %v", stats, err)
	}
	verbose := ask[struct {
		Tx []struct {
			Fee float64
			Vin []struct{ Prevout struct{ Height int } }
		}
	}](t, c, "getblock", mined.Hash, 3)
	if len(verbose.Tx) != 2 || verbose.Tx[1].Fee != 0.00005 || verbose.Tx[1].Vin[0].Prevout.Height != 1 {
		t.Errorf("getblock: %+v", verbose)
	}
	if filter, err := c.GetBlockFilter(*hash, nil); err != nil || filter.Header == "" || filter.Filter == "" {
		t.Errorf("GetBlockFilter: %+v, %v", filter, err)
	}
	if s, err := c.GetChainTxStats(); err != nil || s.TxCount != 105 || s.WindowFinalBlockHeight != 103 {
		t.Errorf("GetChainTxStats: %+v, %v", s, err)
	}
	if info, err := c.GetMiningInfo(); err != nil || info.Blocks != 103 || info.PooledTx != 0 {
		t.Errorf("GetMiningInfo: %+v, %v", info, err)
	}
	if ok, err := c.VerifyChainBlocks(3, 0); err != nil || !ok {
		t.Errorf("VerifyChain: %v, %v", ok, err)
	}
	if _, err := c.GetNetworkHashPS(); err != nil {
		t.Errorf("GetNetworkHashPS: %v", err)
	}
	if fee, err := c.EstimateSmartFee(6, nil); err != nil || len(fee.Errors) != 1 {
		t.Errorf("EstimateSmartFee of a node that sees nobody: %+v, %v", fee, err)
	}
	to, err := address.DecodeAddress("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", &chaincfg.RegressionNetParams)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.ValidateAddress(to); err != nil || !v.IsValid {
		t.Errorf("ValidateAddress: %+v, %v", v, err)
	}
	if totals, err := c.GetNetTotals(); err != nil || totals.TimeMillis == 0 {
		t.Errorf("GetNetTotals: %+v, %v", totals, err)
	}
	if err := c.Ping(); err != nil {
		t.Errorf("Ping: %v", err)
	}
	if text, err := c.DebugLevel("debug"); err != nil || text != "debug" {
		t.Errorf("DebugLevel: %q, %v", text, err)
	}
	if got := ask[map[string]map[string]any](t, c, "getindexinfo"); got["txindex"]["synced"] != true || got["basic block filter index"]["best_block_height"] != 103.0 {
		t.Errorf("getindexinfo: %v", got)
	}
}

// Two nodes: what concerns the wires.
func TestWiresOfANode(t *testing.T) {
	first := start(t)
	second := start(t, "--connect", first.addr(t))
	a, b := first.client(t, "", ""), second.client(t, "", "")
	waiting := b.RawRequestAsync("waitforblockheight", []json.RawMessage{json.RawMessage("5")})
	ask[[]string](t, a, "generate", 5)
	if raw, err := waiting.Receive(); err != nil || !strings.Contains(string(raw), `"height":5`) {
		t.Fatalf("waitforblockheight: %s, %v", raw, err)
	}
	second.await(t, "the round trip is known", func() bool {
		ask[any](t, b, "ping")
		peers := ask[[]struct{ PingTime float64 }](t, b, "getpeerinfo")
		return len(peers) == 1 && peers[0].PingTime > 0
	})
	second.await(t, "it is ready", func() bool { return ask[struct{ Ready bool }](t, b, "getreadiness").Ready })
	if totals := ask[btcjson.GetNetTotalsResult](t, b, "getnettotals"); totals.TotalBytesRecv < 1000 {
		t.Errorf("five blocks and their headers are %+v", totals)
	}
	if ask[bool](t, b, "setnetworkactive", false) || ask[btcjson.GetNetworkInfoResult](t, b, "getnetworkinfo").NetworkActive {
		t.Error("the network is active")
	}
	second.await(t, "nobody is connected", func() bool { return ask[int](t, a, "getconnectioncount") == 0 })
	if ask[bool](t, b, "setnetworkactive", true); !ask[btcjson.GetNetworkInfoResult](t, b, "getnetworkinfo").NetworkActive {
		t.Error("the network is not active")
	}
	second.await(t, "the named peer is back", func() bool { return ask[int](t, a, "getconnectioncount") == 1 })
}

// btcctl is the program itself, built from the version that tools pins.
func TestBtcctlAgainstANode(t *testing.T) {
	if testing.Short() {
		t.Skip("builds btcctl")
	}
	bin := filepath.Join(t.TempDir(), "btcctl")
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../../tools", "-o", bin, "github.com/btcsuite/btcd/cmd/btcctl").CombinedOutput(); err != nil {
		t.Fatalf("build btcctl: %v\n%s", err, text)
	}
	r := start(t, "--rpcuser", "alice", "--rpcpassword", "secret", "--txindex")
	addr, err := os.ReadFile(filepath.Join(r.dir, "regtest", "api"))
	if err != nil {
		t.Fatal(err)
	}
	ctl := func(words ...string) string {
		args := append([]string{"--notls", "--rpcuser=alice", "--rpcpass=secret", "--regtest", "--rpcserver=" + strings.TrimSpace(string(addr)), "--configfile=" + os.DevNull}, words...)
		cmd := exec.CommandContext(t.Context(), bin, args...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		text, err := cmd.CombinedOutput()
		if err != nil {
			return err.Error() + ": " + string(text)
		}
		return strings.TrimSpace(string(text))
	}
	var hashes []string
	if err := json.Unmarshal([]byte(ctl("generate", "3")), &hashes); err != nil || len(hashes) != 3 {
		t.Fatalf("generate: %v, %v", hashes, err)
	}
	for line, want := range map[string]string{
		"getblockcount":               "3",
		"getbestblockhash":            hashes[2],
		"getblockhash 1":              hashes[0],
		"getblock " + hashes[1]:       `"height": 2`,
		"getblockheader " + hashes[1]: `"height": 2`,
		"getblockstats 2":             `"subsidy": 5000000000`,
		"getchaintxstats":             `"txcount": 4`,
		"getblockchaininfo":           `"chain": "regtest"`,
		"getchaintips":                `"status": "active"`,
		"getmininginfo":               `"blocks": 3`,
		"getnetworkhashps":            "",
		"getnettotals":                `"timemillis"`,
		"getpeerinfo":                 "[",
		"getmempoolinfo":              `"maxmempool"`,
		"getrawmempool":               "[",
		"getdifficulty":               "4.6565423739069247e-10",
		"validateaddress x":           `"isvalid": false`,
		"decodescript 51":             `"asm": "1"`,
		"estimatesmartfee 6":          `"errors"`,
		"verifychain 2 0":             "true",
		"gettxoutsetinfo":             `"txouts": 3`,
		"gettxspendingprevout []":     "-8",
		"debuglevel show":             "info",
		"help getblockcount":          "Returns the height",
		"ping":                        "",
		"uptime":                      "",
		"getbalance":                  "Method not found: getbalance. Pappus keeps no wallet",
		"getblockhash 99":             "Block height out of range",
	} {
		if got := ctl(strings.Fields(line)...); !strings.Contains(got, want) {
			t.Errorf("btcctl %s: %s, want %s", line, got, want)
		}
	}
}

// addr is where others reach the node.
func (r *running) addr(t *testing.T) string {
	t.Helper()
	path := filepath.Join(r.dir, "regtest", "addrs")
	r.await(t, "it has written its addresses", func() bool { return fileExists(path) }) // after the API answers
	addrs, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	addr, _, _ := strings.Cut(string(addrs), "\n")
	return addr
}
