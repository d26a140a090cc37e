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
	c := dial(t, start(t, f))

	// Which server it is decides how the client reads and writes some calls.
	version := must[rpcclient.BackendVersion](t, "BackendVersion")(c.BackendVersion())
	same(t, "server's age", version.SupportUnifiedSoftForks(), true)

	to := must[address.Address](t, "address")(address.DecodeAddress("bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", f.params))
	mined := must[[]*chainhash.Hash](t, "GenerateToAddress")(c.GenerateToAddress(2, to, nil))
	mined = append(mined, must[[]*chainhash.Hash](t, "Generate")(c.Generate(1))...)
	driveChain(t, c, mined)
	driveNetwork(t, c)
	driveTransactions(t, c)

	next := f.next(*mined[2], []byte{txscript.OP_TRUE}, 0)
	if err := c.SubmitBlock(next, nil); err != nil {
		t.Errorf("SubmitBlock: %v", err)
	}
	if err := c.SubmitBlock(next, &btcjson.SubmitBlockOptions{}); err == nil || err.Error() != "duplicate" {
		t.Errorf("SubmitBlock again: %v", err)
	}
	var refused *btcjson.RPCError
	if _, err := c.GetBlockHash(99); !errors.As(err, &refused) || refused.Code != btcjson.ErrRPCInvalidParameter {
		t.Errorf("height 99: %v", err)
	}
	if _, err := c.RawRequest("nosuch", nil); !errors.As(err, &refused) || refused.Code != btcjson.ErrRPCMethodNotFound.Code {
		t.Errorf("unknown method: %v", err)
	}
	if text := raw(t, c, "help"); !strings.Contains(text, "getblockcount") {
		t.Errorf("help %s", text)
	}
	raw(t, c, "uptime")
	same(t, "stop", raw(t, c, "stop"), `"Pappus stopping"`)
	same(t, "stops", f.stops(), 1)
}

// raw drives a method that the client has no function for.
func raw(t *testing.T, c *rpcclient.Client, method string, params ...string) string {
	t.Helper()
	words := make([]json.RawMessage, 0, len(params))
	for _, p := range params {
		words = append(words, json.RawMessage(p))
	}
	return string(must[json.RawMessage](t, method)(c.RawRequest(method, words)))
}

// driveChain asks for a chain of three blocks.
func driveChain(t *testing.T, c *rpcclient.Client, mined []*chainhash.Hash) {
	t.Helper()
	last := mined[2]
	same(t, "GetBlockCount", must[int64](t, "GetBlockCount")(c.GetBlockCount()), 3)
	same(t, "GetBestBlockHash", *must[*chainhash.Hash](t, "GetBestBlockHash")(c.GetBestBlockHash()), *last)
	same(t, "GetBlockHash", *must[*chainhash.Hash](t, "GetBlockHash")(c.GetBlockHash(1)), *mined[0])
	same(t, "GetBlockHeader", must[*wire.BlockHeader](t, "GetBlockHeader")(c.GetBlockHeader(last)).BlockHash(), *last)
	same(t, "GetBlock", must[*wire.MsgBlock](t, "GetBlock")(c.GetBlock(last)).BlockHash(), *last)
	info := must[*btcjson.GetBlockChainInfoResult](t, "GetBlockChainInfo")(c.GetBlockChainInfo())
	same(t, "chain", info.Chain, "regtest")
	same(t, "blocks", info.Blocks, 3)
	same(t, "best", info.BestBlockHash, last.String())
	header := must[*btcjson.GetBlockHeaderVerboseResult](t, "GetBlockHeaderVerbose")(c.GetBlockHeaderVerbose(mined[1]))
	same(t, "header's height", header.Height, 2)
	same(t, "header's successor", header.NextHash, last.String())
	same(t, "header's parent", header.PreviousHash, mined[0].String())
	block := must[*btcjson.GetBlockVerboseResult](t, "GetBlockVerbose")(c.GetBlockVerbose(last))
	same(t, "block's height", block.Height, 3)
	same(t, "block's transactions", len(block.Tx), 1)
	full := must[*btcjson.GetBlockVerboseTxResult](t, "GetBlockVerboseTx")(c.GetBlockVerboseTx(mined[0]))
	same(t, "reward", full.Tx[0].Vout[0].Value, 50)
	tips := must[[]*btcjson.GetChainTipsResult](t, "GetChainTips")(c.GetChainTips())
	same(t, "tip's status", tips[0].Status, "active")
	must[float64](t, "GetDifficulty")(c.GetDifficulty())
	raw(t, c, "getsyncinfo")
}

func driveNetwork(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	peers := must[[]btcjson.GetPeerInfoResult](t, "GetPeerInfo")(c.GetPeerInfo())
	same(t, "peers", len(peers), 1)
	same(t, "ping", peers[0].PingTime, 0.001)
	same(t, "agent", peers[0].SubVer, "pappus/0.1")
	same(t, "GetConnectionCount", must[int64](t, "GetConnectionCount")(c.GetConnectionCount()), 1)
	network := must[*btcjson.GetNetworkInfoResult](t, "GetNetworkInfo")(c.GetNetworkInfo())
	same(t, "subversion", network.SubVersion, "pappus/0.1")
	same(t, "relay fee", network.RelayFee, 0.00001)
	same(t, "local addresses", len(network.LocalAddresses), 1)
	same(t, "local port", network.LocalAddresses[0].Port, 8477)
	for _, command := range []rpcclient.AddNodeCommand{rpcclient.ANAdd, rpcclient.ANRemove, rpcclient.ANOneTry} {
		if err := c.AddNode(node1, command); err != nil {
			t.Errorf("AddNode %s: %v", command, err)
		}
	}
	same(t, "disconnectnode", raw(t, c, "disconnectnode", `"`+ids()[0].String()+`"`), "null")
	same(t, "getaddednodeinfo", raw(t, c, "getaddednodeinfo"), "[]")
}

func driveTransactions(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	tx := spend(chainhash.Hash{1}, 1)
	txid := tx.TxHash()
	for _, high := range []bool{false, true} {
		same(t, "SendRawTransaction", *must[*chainhash.Hash](t, "SendRawTransaction")(c.SendRawTransaction(tx, high)), txid)
	}
	same(t, "GetRawTransaction", *must[*btcutil.Tx](t, "GetRawTransaction")(c.GetRawTransaction(&txid)).Hash(), txid)
	same(t, "GetRawTransactionVerbose", must[*btcjson.TxRawResult](t, "GetRawTransactionVerbose")(c.GetRawTransactionVerbose(&txid)).Txid, txid.String())
	same(t, "DecodeRawTransaction", must[*btcjson.TxRawResult](t, "DecodeRawTransaction")(c.DecodeRawTransaction(encode(tx))).Txid, txid.String())
	same(t, "GetRawMempool", *must[[]*chainhash.Hash](t, "GetRawMempool")(c.GetRawMempool())[0], txid)
	pool := must[map[string]btcjson.GetRawMempoolVerboseResult](t, "GetRawMempoolVerbose")(c.GetRawMempoolVerbose())
	same(t, "fee", pool[txid.String()].Fee, 0.00001)
	entry := must[*btcjson.GetMempoolEntryResult](t, "GetMempoolEntry")(c.GetMempoolEntry(txid.String()))
	same(t, "entry's fee", entry.Fees.Base, 0.00001)
	raw(t, c, "getmempoolinfo")
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
			if got := btcctl(t, s, c.line); !strings.HasPrefix(got, c.want) {
				t.Errorf("answer %.200s, want %s", got, c.want)
			}
		})
	}
}

// btcctl sends a command line and returns the result, or the status that is not 200.
func btcctl(t *testing.T, s *Server, line string) string {
	t.Helper()
	words := strings.Fields(line)
	args := make([]any, 0, len(words))
	for _, w := range words[1:] {
		args = append(args, w)
	}
	cmd := must[any](t, "NewCmd")(btcjson.NewCmd(words[0], args...))
	body := must[[]byte](t, "MarshalCmd")(btcjson.MarshalCmd(btcjson.RpcVersion1, 1, cmd))
	r := post(t, s, string(body))
	r.URL.Host, r.RequestURI, r.Host = s.Addr().String(), "", ""
	w := must[*http.Response](t, "send")(http.DefaultClient.Do(r))
	answer := must[[]byte](t, "read")(io.ReadAll(w.Body))
	if err := w.Body.Close(); err != nil {
		t.Error(err)
	}
	if w.StatusCode != http.StatusOK {
		return w.Status
	}
	var response btcjson.Response
	if err := json.Unmarshal(answer, &response); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	return string(response.Result)
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
