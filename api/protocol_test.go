package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// The answers' bytes are bitcoind's: status, keys and their order.
func TestProtocol(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		answer     string
	}{
		{"1.0 as btcctl sends it", `{"jsonrpc":"1.0","method":"getblockcount","params":[],"id":1}`, 200, `{"result":3,"error":null,"id":1}`},
		{"1.0 without version and params", `{"id":"curltest","method":"getblockcount"}`, 200, `{"result":3,"error":null,"id":"curltest"}`},
		{"1.0 without id", `{"method":"getblockcount"}`, 200, `{"result":3,"error":null,"id":null}`},
		{"1.1", `{"version":"1.1","method":"getblockcount","id":1}`, 200, `{"result":3,"error":null,"id":1}`},
		{"2.0", `{"jsonrpc":"2.0","method":"getblockcount","id":1}`, 200, `{"jsonrpc":"2.0","result":3,"id":1}`},
		{"2.0 with id null", `{"jsonrpc":"2.0","method":"getblockcount","id":null}`, 200, `{"jsonrpc":"2.0","result":3,"id":null}`},
		{"2.0 with large id", `{"jsonrpc":"2.0","method":"getblockcount","id":18446744073709551615}`, 200, `{"jsonrpc":"2.0","result":3,"id":18446744073709551615}`},
		{"2.0 notification", `{"jsonrpc":"2.0","method":"getblockcount"}`, 204, ``},
		{"2.0 notification that fails", `{"jsonrpc":"2.0","method":"nosuch"}`, 204, ``},
		{"null result", `{"jsonrpc":"2.0","method":"addnode","params":["` + node1 + `","add"],"id":1}`, 200, `{"jsonrpc":"2.0","result":null,"id":1}`},
		{"null params", `{"method":"getblockcount","params":null,"id":1}`, 200, `{"result":3,"error":null,"id":1}`},
		{"named argument", `{"method":"getblockhash","params":{"height":0},"id":1}`, 200, `{"result":"` + genesis + `","error":null,"id":1}`},
		{"named argument by its old name", `{"method":"getblockhash","params":{"index":0},"id":1}`, 200, `{"result":"` + genesis + `","error":null,"id":1}`},
		{"named argument after positional ones", `{"method":"getblockheader","params":{"args":["` + genesis + `"],"verbose":false},"id":1}`, 200, `{"result":"` + genesisHeader + `","error":null,"id":1}`},
		{"null for an optional argument", `{"method":"help","params":[null],"id":1}`, 200, `{"result":"== Blockchain ==`},

		{"1.0 error", `{"method":"getblockhash","params":[4],"id":1}`, 500, `{"result":null,"error":{"code":-8,"message":"Block height out of range"},"id":1}`},
		{"2.0 error", `{"jsonrpc":"2.0","method":"getblockhash","params":[4],"id":1}`, 200, `{"jsonrpc":"2.0","error":{"code":-8,"message":"Block height out of range"},"id":1}`},
		{"1.0 unknown method", `{"method":"getblokcount","id":1}`, 404, `{"result":null,"error":{"code":-32601,"message":"Method not found: getblokcount. Did you mean getblockcount? ` + "`help`" + ` lists all methods"},"id":1}`},
		{"2.0 unknown method", `{"jsonrpc":"2.0","method":"zzz","id":1}`, 200, `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found: zzz. ` + "`help`" + ` lists all methods"},"id":1}`},
		{"btcd's getinfo, by which rpcclient tells servers apart", `{"method":"getinfo","id":1}`, 404, `{"result":null,"error":{"code":-32601,`},
		{"method name is case sensitive", `{"method":"GetBlockCount","id":1}`, 404, `{"result":null,"error":{"code":-32601,"message":"Method not found: GetBlockCount. Did you mean getblockcount?`},
		{"key is case sensitive", `{"Method":"getblockcount","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Missing method"},"id":1}`},
		{"unknown version", `{"jsonrpc":"3.0","method":"getblockcount","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"JSON-RPC version not supported"},"id":1}`},
		{"version as number", `{"jsonrpc":2.0,"method":"getblockcount","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"jsonrpc field must be a string"},"id":1}`},
		{"2.0 object as id", `{"jsonrpc":"2.0","method":"getblockcount","id":{}}`, 200, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"id must be a string, a number or null"},"id":null}`},
		{"method as number", `{"method":7,"id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Method must be a string"},"id":1}`},
		{"params as string", `{"method":"getblockcount","params":"x","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Params must be an array or object"},"id":1}`},
		{"bare string", `"getblockcount"`, 400, `{"result":null,"error":{"code":-32600,"message":"Invalid Request object"},"id":null}`},
		{"parse error", `{"method":`, 400, `{"result":null,"error":{"code":-32700,"message":"Parse error: `},
		{"too many arguments", `{"method":"getblockcount","params":[1],"id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"getblockcount\n\nReturns the height`},
		{"too few arguments", `{"method":"getblockhash","params":[],"id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"getblockhash height\n\n`},
		{"null for a needed argument", `{"method":"getblockhash","params":[null],"id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"getblockhash height\n\n`},
		{"unknown named argument", `{"method":"getblockhash","params":{"depth":1},"id":1}`, 500, `{"result":null,"error":{"code":-8,"message":"Unknown named parameter depth"},"id":1}`},
		{"argument by position and name", `{"method":"getblockhash","params":{"args":[1],"height":1},"id":1}`, 500, `{"result":null,"error":{"code":-8,"message":"Parameter height specified twice"},"id":1}`},
		{"argument by both its names", `{"method":"getblockhash","params":{"index":1,"height":1},"id":1}`, 500, `{"result":null,"error":{"code":-8,"message":"Parameter index specified twice"},"id":1}`},
		{"wrong type", `{"method":"getblockhash","params":["0"],"id":1}`, 500, `{"result":null,"error":{"code":-3,"message":"Wrong type passed: position 1 (height): JSON value of type string is not of expected type number"},"id":1}`},
		{"fraction", `{"method":"getblockhash","params":[1.5],"id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"height: JSON integer out of range"},"id":1}`},
		{"number beyond 64 bits", `{"method":"getblockhash","params":[99999999999999999999],"id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"height: JSON integer out of range"},"id":1}`},

		{
			"batch", `[{"jsonrpc":"2.0","method":"getblockcount","id":1},{"method":"nosuch","id":2},7]`, 200,
			`[{"jsonrpc":"2.0","result":3,"id":1},{"result":null,"error":{"code":-32601,"message":"Method not found: nosuch. ` + "`help`" + ` lists all methods"},"id":2},{"result":null,"error":{"code":-32600,"message":"Invalid Request object"},"id":null}]`,
		},
		{"batch with a notification", `[{"jsonrpc":"2.0","method":"getblockcount"},{"jsonrpc":"2.0","method":"getblockcount","id":2}]`, 200, `[{"jsonrpc":"2.0","result":3,"id":2}]`},
		{"batch of notifications", `[{"jsonrpc":"2.0","method":"getblockcount"}]`, 204, ``},
		{"empty batch", ` [ ] `, 200, `[]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := prepare(t, newFake(&chaincfg.RegressionNetParams).grow(3))
			w := serve(s, post(t, s, c.body))
			got := strings.TrimSuffix(w.Body.String(), "\n")
			if w.Code != c.status || got != c.answer && (strings.HasSuffix(c.answer, "}") || strings.HasSuffix(c.answer, "]") || !strings.HasPrefix(got, c.answer) || c.answer == "") {
				t.Errorf("status %d, answer\n%s\nwant %d\n%s", w.Code, got, c.status, c.answer)
			}
		})
	}
}

const (
	genesis       = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206" // of regtest
	genesisHeader = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000"
)

func TestPanicCostsItsCallerOnly(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	f.tree = nil
	if _, refused := call(t, s, "getdifficulty", "[]"); refused == nil || refused.Code != -32603 {
		t.Errorf("error %v", refused)
	}
	get[int](t, s, "getblockcount", "[]")
}

// One heavy call must leave the place that it held.
func TestHeavyCallsTakeTurns(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	for range 3 * maxHeavy {
		get[string](t, s, "getblock", `["`+genesis+`",0]`)
		large := `{"jsonrpc":"2.0","id":1,"method":"submitblock","params":["` + strings.Repeat("zz", maxBody) + `"]}`
		w := serve(s, post(t, s, large))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"code":-22`) {
			t.Fatalf("submitblock of 2 MiB: %d %.200s", w.Code, w.Body)
		}
	}
}

func TestHelp(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	list := get[string](t, s, "help", "[]")
	for _, line := range []string{"== Blockchain ==\n", "\n\n== Network ==\n", "\ngetblock blockhash ( verbosity )\n", "\nstop\n"} {
		if !strings.Contains(list, line) {
			t.Errorf("help lacks %q:\n%s", line, list)
		}
	}
	for line := range strings.Lines(list) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || name == "==" {
			continue
		}
		if text := get[string](t, s, "help", `["`+name+`"]`); !strings.HasPrefix(text, strings.TrimSpace(line)+"\n\n") || len(text) < len(line)+30 {
			t.Errorf("help %s: %q", name, text)
		}
	}
	if got := get[string](t, s, "help", `["getpeerinf"]`); !strings.HasPrefix(got, "help: unknown command: getpeerinf. Did you mean getpeerinfo?") {
		t.Errorf("help of an unknown method: %q", got)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	fetch := func(s *Server, path string, change func(*http.Request)) (int, string) {
		r := post(t, s, "")
		r.Method, r.URL.Path = http.MethodGet, path
		r.Header.Del("Authorization")
		if change != nil {
			change(r)
		}
		w := serve(s, r)
		return w.Code, w.Body.String()
	}
	s := prepare(t, f)
	if code, body := fetch(s, "/healthz", nil); code != 200 || !strings.Contains(body, "ok") {
		t.Errorf("healthz: %d %s", code, body)
	}
	_, _ = call(t, s, "getblockcount", "[]")
	_, _ = call(t, s, "nosuch", "[]")
	code, body := fetch(s, "/metrics", nil)
	for _, want := range []string{`pappus_api_calls_total{code="0",method="getblockcount"} 1`, `pappus_api_calls_total{code="-32601",method="unknown"} 1`} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("metrics: %d, lacks %s", code, want)
		}
	}
	if code, _ := fetch(s, "/metrics", func(r *http.Request) { r.Host = "evil.example" }); code != 403 {
		t.Errorf("metrics for a rebound name: %d", code)
	}
	open := prepare(t, f, remote("0.0.0.0:0"))
	if code, _ := fetch(open, "/metrics", nil); code != 401 {
		t.Errorf("metrics for other machines without password: %d", code)
	}
	if code, _ := fetch(open, "/metrics", func(r *http.Request) { r.SetBasicAuth("alice", "secret:1") }); code != 200 {
		t.Errorf("metrics for other machines with password: %d", code)
	}
}

func TestUptimeAndStop(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	if got := get[int](t, s, "uptime", "[]"); got < 0 || got > int(time.Hour.Seconds()) {
		t.Errorf("uptime %d", got)
	}
	if got := get[string](t, s, "stop", "[]"); got != "Pappus stopping" || f.stops() != 1 {
		t.Errorf("stop: %q, %d times", got, f.stops())
	}
}

// Amounts are exact to the last satoshi, as text of eight decimals.
func TestAmounts(t *testing.T) {
	for a, want := range map[amount]string{0: "0.00000000", 1: "0.00000001", 5_000_000_000: "50.00000000", 2_099_999_997_690_000: "20999999.97690000", -1: "-0.00000001"} {
		if got, err := json.Marshal(a); err != nil || string(got) != want {
			t.Errorf("%d: %s, %v", int64(a), got, err)
		}
	}
}
