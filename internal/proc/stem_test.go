package proc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/internal/proc"
)

// call calls a method of a node's, which must succeed.
func call[T any](t *testing.T, p *proc.Process, method string, params ...any) (result T) {
	t.Helper()
	c, err := client.Dial(p.Dir)
	if err == nil {
		err = c.Call(t.Context(), method, params, &result)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", method, err, p.Log())
	}
	return result
}

// own is what a node tells of an own transaction.
type own struct {
	State     string
	Stems     []int64
	FluffedBy string `json:"fluffed_by"`
	Embargo   int64  `json:"embargo_ends"`
}

// TestKilledNodeStillFluffs hands a transaction to a peer that keeps it to itself and is killed
// right then. The node that is started in its place neither loses the transaction nor hands
// it on again: it publishes it when the embargo from before the kill ends.
func TestKilledNodeStillFluffs(t *testing.T) {
	const network = "regtest"
	bin := proc.Build(t)
	free := []string{"--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"}
	// A node that has dialled nobody hands on nothing: a black hole, for a thousand hours.
	hole := proc.Start(t, bin, network, t.TempDir(), append([]string{"--embargo", "1000h"}, free...)...)
	call[[]string](t, hole, "generate", 101)
	first := call[string](t, hole, "getblockhash", 1)
	coin := call[struct{ Tx []string }](t, hole, "getblock", first).Tx[0]

	dir := t.TempDir()
	args := append([]string{"--embargo", "3s", "--connect", hole.Addr(t)}, free...)
	owner := proc.Start(t, bin, network, dir, args...)
	reach(t, owner, 101)
	raw := call[string](t, owner, "createrawtransaction",
		json.RawMessage(fmt.Sprintf(`[{"txid":%q,"vout":0}]`, coin)), json.RawMessage(`{"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080":49.9999}`))
	txid := call[string](t, owner, "sendrawtransaction", raw)
	before := call[own](t, owner, "getowntransaction", txid)
	owner.Kill()

	owner = proc.Start(t, bin, network, dir, args...)
	after := call[own](t, owner, "getowntransaction", txid)
	if before.State == "stemmed" && after.State == "stemmed" && after.Embargo != before.Embargo {
		t.Errorf("the embargo ended at %d, and after the kill ends at %d", before.Embargo, after.Embargo)
	}
	// An embargo with a mean of 3 s lasts longer than a minute once in 5·10⁸. One black hole
	// of ten is a diffuser by chance, and fluffs.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(call[[]string](t, hole, "getrawmempool")) == 0 || call[own](t, owner, "getowntransaction", txid).FluffedBy == "" {
		select {
		case <-ctx.Done():
			t.Fatalf("the transaction is lost; its owner says %+v\n%s", call[own](t, owner, "getowntransaction", txid), owner.Log())
		case <-tick.C:
		}
	}
	if got := call[own](t, owner, "getowntransaction", txid); len(got.Stems) != 1 || (got.FluffedBy != "embargo" && got.FluffedBy != "others") {
		t.Errorf("its owner says %+v", got)
	}
	owner.Stop(t)
}
