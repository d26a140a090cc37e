package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/rpcclient"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/multiformats/go-multiaddr"
)

func dial(t *testing.T, s *Server) *rpcclient.Client {
	t.Helper()
	c, err := rpcclient.New(&rpcclient.ConnConfig{
		Host: s.Addr().String(), CookiePath: filepath.Join(s.cfg.Dir, CookieFile), HTTPPostMode: true, DisableTLS: true, Params: chaincfg.RegressionNetParams.Name,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Shutdown(); c.WaitForShutdown() })
	return c
}

// must fails the test with the action's name.
func must[T any](t *testing.T, action string) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		return v
	}
}

// btcd's own client, over a real listener with the cookie, drives every method.
func TestRPCClientDrivesEveryMethod(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	f.peers = []Peer{{Number: 1, ID: ids()[0], Addr: multiaddr.StringCast("/ip4/192.0.2.1/tcp/8477"), Agent: "pappus/0.1", Connected: time.Now(), Ping: time.Millisecond}}
	s := start(t, f)
	c := dial(t, s)

	// Which server it is decides how the client reads and writes some calls.
	version := must[rpcclient.BackendVersion](t, "BackendVersion")(c.BackendVersion())
	if !version.SupportUnifiedSoftForks() {
		t.Errorf("taken for %v", version)
	}

	to := must[address.Address](t, "address")(address.DecodeAddress("bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", f.params))
	mined := must[[]*chainhash.Hash](t, "GenerateToAddress")(c.GenerateToAddress(2, to, nil))
	mined = append(mined, must[[]*chainhash.Hash](t, "Generate")(c.Generate(1))...)
	last := mined[2]

	if n := must[int64](t, "GetBlockCount")(c.GetBlockCount()); n != 3 {
		t.Errorf("count %d", n)
	}
	if h := must[*chainhash.Hash](t, "GetBestBlockHash")(c.GetBestBlockHash()); *h != *last {
		t.Errorf("best %v", h)
	}
	if h := must[*chainhash.Hash](t, "GetBlockHash")(c.GetBlockHash(1)); *h != *mined[0] {
		t.Errorf("hash %v", h)
	}
	info := must[*btcjson.GetBlockChainInfoResult](t, "GetBlockChainInfo")(c.GetBlockChainInfo())
	if info.Chain != "regtest" || info.Blocks != 3 || info.BestBlockHash != last.String() || info.VerificationProgress != 1 {
		t.Errorf("info %+v", info)
	}
	if h := must[*wire.BlockHeader](t, "GetBlockHeader")(c.GetBlockHeader(last)); h.BlockHash() != *last {
		t.Errorf("header %v", h)
	}
	verbose := must[*btcjson.GetBlockHeaderVerboseResult](t, "GetBlockHeaderVerbose")(c.GetBlockHeaderVerbose(mined[1]))
	if verbose.Height != 2 || verbose.NextHash != last.String() || verbose.PreviousHash != mined[0].String() {
		t.Errorf("header %+v", verbose)
	}
	if b := must[*wire.MsgBlock](t, "GetBlock")(c.GetBlock(last)); b.BlockHash() != *last {
		t.Errorf("block %v", b.BlockHash())
	}
	if b := must[*btcjson.GetBlockVerboseResult](t, "GetBlockVerbose")(c.GetBlockVerbose(last)); len(b.Tx) != 1 || b.Height != 3 {
		t.Errorf("block %+v", b)
	}
	if b := must[*btcjson.GetBlockVerboseTxResult](t, "GetBlockVerboseTx")(c.GetBlockVerboseTx(mined[0])); len(b.Tx) != 1 || b.Tx[0].Vout[0].Value != 50 {
		t.Errorf("block %+v", b)
	}
	if tips := must[[]*btcjson.GetChainTipsResult](t, "GetChainTips")(c.GetChainTips()); len(tips) != 1 || tips[0].Status != "active" {
		t.Errorf("tips %+v", tips)
	}
	if d := must[float64](t, "GetDifficulty")(c.GetDifficulty()); d == 0 {
		t.Error("difficulty 0")
	}

	if peers := must[[]btcjson.GetPeerInfoResult](t, "GetPeerInfo")(c.GetPeerInfo()); len(peers) != 1 || peers[0].PingTime != 0.001 || peers[0].SubVer != "pappus/0.1" {
		t.Errorf("peers %+v", peers)
	}
	if n := must[int64](t, "GetConnectionCount")(c.GetConnectionCount()); n != 1 {
		t.Errorf("connections %d", n)
	}
	network := must[*btcjson.GetNetworkInfoResult](t, "GetNetworkInfo")(c.GetNetworkInfo())
	if network.SubVersion != "pappus/0.1" || network.RelayFee != 0.00001 || len(network.LocalAddresses) != 1 || network.LocalAddresses[0].Port != 8477 {
		t.Errorf("network %+v", network)
	}
	for _, command := range []rpcclient.AddNodeCommand{rpcclient.ANAdd, rpcclient.ANRemove, rpcclient.ANOneTry} {
		if err := c.AddNode(node1, command); err != nil {
			t.Errorf("AddNode %s: %v", command, err)
		}
	}
	raw := func(method string, params ...string) json.RawMessage {
		t.Helper()
		words := make([]json.RawMessage, 0, len(params))
		for _, p := range params {
			words = append(words, json.RawMessage(p))
		}
		return must[json.RawMessage](t, method)(c.RawRequest(method, words))
	}
	raw("disconnectnode", `"`+ids()[0].String()+`"`)
	raw("uptime")
	raw("getsyncinfo")
	raw("getmempoolinfo")
	raw("getaddednodeinfo")
	if text := string(raw("help")); !strings.Contains(text, "getblockcount") {
		t.Errorf("help %s", text)
	}

	next := f.next(*last, []byte{txscript.OP_TRUE}, 0)
	if err := c.SubmitBlock(next, nil); err != nil {
		t.Errorf("SubmitBlock: %v", err)
	}
	if err := c.SubmitBlock(next, &btcjson.SubmitBlockOptions{}); err == nil || err.Error() != "duplicate" {
		t.Errorf("SubmitBlock again: %v", err)
	}

	tx := spend(chainhash.Hash{1}, 1)
	txid := tx.TxHash()
	for _, high := range []bool{false, true} {
		if h := must[*chainhash.Hash](t, "SendRawTransaction")(c.SendRawTransaction(tx, high)); *h != txid {
			t.Errorf("sent %v", h)
		}
	}
	if got := must[*btcutil.Tx](t, "GetRawTransaction")(c.GetRawTransaction(&txid)); *got.Hash() != txid {
		t.Errorf("transaction %v", got.Hash())
	}
	if got := must[*btcjson.TxRawResult](t, "GetRawTransactionVerbose")(c.GetRawTransactionVerbose(&txid)); got.Txid != txid.String() || got.Confirmations != 0 {
		t.Errorf("transaction %+v", got)
	}
	if got := must[*btcjson.TxRawResult](t, "DecodeRawTransaction")(c.DecodeRawTransaction(encode(tx))); got.Txid != txid.String() {
		t.Errorf("transaction %+v", got)
	}
	if got := must[[]*chainhash.Hash](t, "GetRawMempool")(c.GetRawMempool()); *got[0] != txid {
		t.Errorf("mempool %v", got)
	}
	pool := must[map[string]btcjson.GetRawMempoolVerboseResult](t, "GetRawMempoolVerbose")(c.GetRawMempoolVerbose())
	if e := pool[txid.String()]; e.Fee != 0.00001 || e.Vsize == 0 {
		t.Errorf("mempool %+v", pool)
	}
	if e := must[*btcjson.GetMempoolEntryResult](t, "GetMempoolEntry")(c.GetMempoolEntry(txid.String())); e.Fees.Base != 0.00001 {
		t.Errorf("entry %+v", e)
	}

	_, err := c.GetBlockHash(99)
	var refused *btcjson.RPCError
	if !errors.As(err, &refused) || refused.Code != btcjson.ErrRPCInvalidParameter {
		t.Errorf("height 99: %v", err)
	}
	_, err = c.RawRequest("nosuch", nil)
	if !errors.As(err, &refused) || refused.Code != btcjson.ErrRPCMethodNotFound.Code {
		t.Errorf("unknown method: %v", err)
	}
	if text := string(raw("stop")); text != `"Pappus stopping"` || f.stops() != 1 {
		t.Errorf("stop: %s, %d times", text, f.stops())
	}
}

func TestRPCClientBatch(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	s := start(t, f)
	c, err := rpcclient.NewBatch(&rpcclient.ConnConfig{
		Host: s.Addr().String(), CookiePath: filepath.Join(s.cfg.Dir, CookieFile), HTTPPostMode: true, DisableTLS: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Shutdown(); c.WaitForShutdown() }()
	count, hash, missing := c.GetBlockCountAsync(), c.GetBlockHashAsync(2), c.GetBlockHashAsync(3)
	if err := c.Send(); err != nil {
		t.Fatal(err)
	}
	if n := must[int64](t, "GetBlockCount")(count.Receive()); n != 2 {
		t.Errorf("count %d", n)
	}
	if h := must[*chainhash.Hash](t, "GetBlockHash")(hash.Receive()); *h != f.tip.Hash {
		t.Errorf("hash %v", h)
	}
	if _, err := missing.Receive(); err == nil {
		t.Error("a block above the tip was found")
	}
}

func TestRPCClientWithWrongPassword(t *testing.T) {
	s := start(t, newFake(&chaincfg.RegressionNetParams))
	c, err := rpcclient.New(&rpcclient.ConnConfig{Host: s.Addr().String(), User: "a", Pass: "b", HTTPPostMode: true, DisableTLS: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Shutdown(); c.WaitForShutdown() }()
	if _, err := c.GetBlockCount(); err == nil || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), CookieFile) {
		t.Errorf("error %v", err)
	}
}

// What btcctl --notls does with a command line: the words become a btcjson
// command, which is sent as JSON-RPC 1.0; the body of another status than 200 is
// shown as it is.
func TestBtcctlCommandLines(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	s := start(t, f)
	tip := f.tip.Hash.String()
	tx := spend(chainhash.Hash{1}, 1)
	f.pending = []Pending{{Tx: btcutil.NewTx(tx), Fee: 1}}
	for _, c := range []struct{ line, want string }{
		{"getblockcount", "2"},
		{"getbestblockhash", `"` + tip + `"`},
		{"getblockhash 2", `"` + tip + `"`},
		{"getblock " + tip, `{"hash":"` + tip},
		{"getblock " + tip + " 0", `"00000020`},
		{"getblock " + tip + " 2", `{"hash":"` + tip},
		{"getblockheader " + tip, `{"hash":"` + tip},
		{"getblockheader " + tip + " false", `"00000020`},
		{"getblockchaininfo", `{"chain":"regtest"`},
		{"getchaintips", `[{"height":2`},
		{"getdifficulty", "4.65"},
		{"getpeerinfo", "[]"},
		{"getconnectioncount", "0"},
		{"getnetworkinfo", `{"version":100`},
		{"addnode " + node1 + " add", "null"},
		{"addnode " + node1 + " remove", "null"},
		{"addnode " + node1 + " onetry", "null"},
		{"submitblock 00", "500"},
		{"getrawmempool", `["` + tx.TxHash().String()},
		{"getrawmempool true", `{"` + tx.TxHash().String()},
		{"getmempoolinfo", `{"loaded":true`},
		{"getmempoolentry " + tx.TxHash().String(), `{"size"`},
		{"getrawtransaction " + tx.TxHash().String(), `"0200`},
		{"getrawtransaction " + tx.TxHash().String() + " 1", `{"txid"`},
		{"decoderawtransaction " + "0200", "500"},
		{"sendrawtransaction 00", "500"},
		{"uptime", "0"},
		{"help", `"== Block`},
		{"help getblock", `"getblock blockhash`},
		{"getinfo", "404"},
		{"generate 1", `["`},
		{"generatetoaddress 1 bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", `["`},
		{"stop", `"Pappus`},
	} {
		t.Run(c.line, func(t *testing.T) {
			words := strings.Fields(c.line)
			args := make([]any, 0, len(words))
			for _, w := range words[1:] {
				args = append(args, w)
			}
			cmd, err := btcjson.NewCmd(words[0], args...)
			if err != nil {
				t.Fatal(err)
			}
			body, err := btcjson.MarshalCmd(btcjson.RpcVersion1, 1, cmd)
			if err != nil {
				t.Fatal(err)
			}
			r := post(t, s, string(body))
			r.URL.Host, r.RequestURI, r.Host = s.Addr().String(), "", ""
			w, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			answer, err := io.ReadAll(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			got := w.Status
			if w.StatusCode == http.StatusOK {
				var resp btcjson.Response
				if err := json.Unmarshal(answer, &resp); err != nil {
					t.Fatalf("%v in %s", err, answer)
				}
				got = string(resp.Result)
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("answer %.200s, want %s", got, c.want)
			}
		})
	}
}

// What the issue asks for is there.
func TestListedMethodsExist(t *testing.T) {
	d := newDispatcher(newFake(&chaincfg.RegressionNetParams).backend(), nil, quiet())
	for name := range strings.FieldsSeq(`getblockchaininfo getblockcount getbestblockhash getblockhash getblockheader getblock getchaintips
		getpeerinfo getconnectioncount getnetworkinfo addnode disconnectnode submitblock generatetoaddress generate
		getrawtransaction sendrawtransaction getrawmempool uptime stop help`) {
		if _, ok := d.byName[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}
