package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// Whatever the arguments, a method answers with JSON, or says what is wrong; it does not
// panic, which the dispatcher would turn into an internal error.
func FuzzCalls(f *testing.F) {
	node := newFake(&chaincfg.RegressionNetParams).grow(3)
	d := newDispatcher(node.backend(), nil, quiet())
	block := node.tip.Hash.String()
	for i, m := range d.table {
		f.Add(uint(i), `[]`)
		f.Add(uint(i), `["`+block+`"]`)
		f.Add(uint(i), `["`+node1+`","add"]`)
		f.Add(uint(i), `[[{"txid":"`+block+`","vout":0}],[{"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080":1.5}]]`)
		if len(m.args) > 0 {
			f.Add(uint(i), `{"`+m.args[0].name+`":1}`)
		}
	}
	over, end := context.WithCancel(context.Background())
	end() // nothing waits
	f.Fuzz(func(t *testing.T, which uint, params string) {
		m := d.table[which%uint(len(d.table))]
		if m.name == "generate" || m.name == "generatetoaddress" {
			return // the next input would find another chain
		}
		raw, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": m.name, "params": json.RawMessage(params)})
		if err != nil {
			return // no JSON: it has not come so far
		}
		ctx := t.Context()
		if strings.HasPrefix(m.name, "wait") {
			ctx = over
		}
		if err := d.gate.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := d.call(ctx, raw)
		d.gate.leave()
		if a.err != nil && a.err.Code == btcjson.ErrRPCInternal.Code {
			t.Errorf("%s %s: %v", m.name, params, a.err)
		}
		if a.err == nil && a.hex == nil && !json.Valid(a.result) {
			t.Errorf("%s %s: %s", m.name, params, a.result)
		}
	})
}
