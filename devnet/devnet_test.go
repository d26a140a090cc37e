package devnet

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/api/dashboard"
)

// patience bounds what an event is awaited for: real nodes share two cores with other tests.
const patience = 60 * time.Second

// play runs a network of real nodes and a story over its HTTP, as the commands do.
func play(t *testing.T, change func(*Config), story func(t *testing.T, d *Devnet, c *client.Client)) {
	t.Helper()
	if testing.Short() {
		t.Skip("real nodes on real sockets take seconds")
	}
	cfg := DefaultConfig(t.TempDir(), filepath.Join(t.TempDir(), "at"))
	cfg.API, cfg.Nodes, cfg.Blocks, cfg.Payments = "127.0.0.1:0", 3, 0, 0
	cfg.Embargo = 2 * time.Second
	if change != nil {
		change(&cfg)
	}
	d, err := New(cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }() // ends with cancel
	select {
	case <-d.Ready():
		c, err := client.Dial(cfg.At)
		if err != nil {
			t.Error(err)
			break
		}
		story(t, d, c)
	case err := <-ended:
		t.Fatalf("ended before it was ready: %v", err)
	case <-time.After(patience):
		t.Error("not ready")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := os.Stat(cfg.At); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder %s is left: %v", cfg.At, err)
	}
	if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 && !cfg.Keep {
		t.Errorf("%d folders of nodes are left", len(left))
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := poll(ctx, settleEvery, holds); err != nil {
		t.Fatalf("not within %v: %s", patience, what)
	}
}

// do is an action that must succeed.
func do[Out any](t *testing.T, c *client.Client, action string, in any) (out Out) {
	t.Helper()
	if err := c.Post(t.Context(), "devnet/"+action, in, &out); err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return out
}

func look[Out any](t *testing.T, c *client.Client, path string) (out Out) {
	t.Helper()
	if err := c.Get(t.Context(), path, &out); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// tipOf is the hash of a node's best block.
func tipOf(t *testing.T, d *Devnet, i int) chainhash.Hash {
	t.Helper()
	at, err := d.up()[i].Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at.hash
}

func TestNetworkIsTakenApartAndHeals(t *testing.T) {
	play(t, nil, takeApart)
}

// takeApart has a network of three do all that a network of whole nodes does.
func takeApart(t *testing.T, d *Devnet, c *client.Client) {
	t.Helper()
	added := do[names](t, c, "add", named{Count: 1})
	if !slices.Equal(added.Names, []string{"n4"}) {
		t.Fatalf("added %v", added.Names)
	}
	until(t, "the new node has the others' tip", func() bool { return d.agree(t.Context()) })

	do[struct{}](t, c, "kill", named{Name: "n2"})
	if n := look[dashboard.Network](t, c, "network"); n.Nodes[1].State != dashboard.Down || len(n.Nodes) != 4 {
		t.Errorf("a killed node is shown as %+v", n.Nodes[1])
	}
	do[hashes](t, c, "mine", named{Name: "n1", Count: 2})
	do[struct{}](t, c, "restart", named{Name: "n2"})
	until(t, "the restarted node catches up", func() bool { return len(d.up()) == 4 && d.agree(t.Context()) })

	do[cut](t, c, "partition", cut{[][]string{{"n1", "n2"}, {"n3", "n4"}}})
	crossing := func() bool {
		return slices.ContainsFunc(look[dashboard.Network](t, c, "network").Links, func(l dashboard.Edge) bool {
			return strings.Contains("n1 n2", l.From) != strings.Contains("n1 n2", l.To)
		})
	}
	until(t, "no link crosses the gap", func() bool { return !crossing() })
	do[hashes](t, c, "mine", named{Name: "n1", Count: 1})
	do[hashes](t, c, "mine", named{Name: "n3", Count: 2})
	tips := func(a, b int) bool {
		return tipOf(t, d, a) == tipOf(t, d, b)
	}
	until(t, "each side agrees with itself", func() bool { return tips(0, 1) && tips(2, 3) })
	if tips(0, 2) {
		t.Error("a block has crossed the gap")
	}
	want := tipOf(t, d, 2)
	do[cut](t, c, "heal", struct{}{})
	until(t, "all follow the longer side", func() bool { return d.agree(t.Context()) && tipOf(t, d, 0) == want })

	do[struct{}](t, c, "remove", named{Name: "n4"})
	if n := look[dashboard.Network](t, c, "network"); len(n.Nodes) != 3 {
		t.Errorf("%d nodes after one was removed", len(n.Nodes))
	}
	if _, err := os.Stat(folder(d.cfg.Dir, "n4")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the removed node's folder is left")
	}
}

func TestTransactionsAreTracedAndSpiedOn(t *testing.T) {
	play(t, nil, spyOut)
}

// spyOut has a node send transactions while another one is a spy.
func spyOut(t *testing.T, _ *Devnet, c *client.Client) {
	t.Helper()
	v := do[Verdict](t, c, "spy", spies{On: true, Fraction: 0.4})
	if !v.On || len(v.Spies) != 1 {
		t.Fatalf("spies: %+v", v)
	}
	sent := do[txids](t, c, "send", named{From: "n2", Count: 3})
	find := func(id string) Trace {
		for _, tr := range look[[]Trace](t, c, "txs") {
			if tr.Txid == id {
				return tr
			}
		}
		return Trace{}
	}
	for _, id := range sent.Txids {
		until(t, "it is everywhere", func() bool { return find(id).State == stateEverywhere })
		tr := find(id)
		if tr.Origin != "n2" || tr.Reached != 3 || !slices.ContainsFunc(tr.Steps, func(s Stage) bool { return s.Kind == "stem" && s.From == "n2" }) {
			t.Errorf("its trace is %+v", tr)
		}
	}
	do[hashes](t, c, "mine", named{Name: "n1"})
	until(t, "they are mined", func() bool { return find(sent.Txids[2]).State == stateMined })
	if v := look[Verdict](t, c, "spy"); v.Seen != 3 && v.Spies[0] != "n2" {
		t.Errorf("the spies judged %+v", v)
	}
	var own []dashboard.Own
	if err := c.Get(t.Context(), "own?name=n2", &own); err != nil || len(own) < 3 {
		t.Errorf("n2's own transactions: %d, %v", len(own), err)
	}
}

func TestActionsThatCannotBeDone(t *testing.T) {
	play(t, func(c *Config) { c.Nodes = 1 }, func(t *testing.T, _ *Devnet, c *client.Client) {
		for _, x := range []struct {
			action string
			in     any
			status int
		}{
			{"kill", named{Name: "n9"}, 404},
			{"kill", named{}, 404},
			{"restart", named{Name: "n1"}, 409},
			{"add", named{Count: MaxNodes}, 409},
			{"add", named{Count: -1}, 400},
			{"heal", struct{}{}, 409},
			{"partition", cut{[][]string{{"n1"}}}, 400},
			{"partition", cut{[][]string{{"n1"}, {"n1"}}}, 400},
			{"partition", cut{[][]string{{"n7"}}}, 404},
			{"mine", named{Count: -1}, 400},
			{"mine", named{Count: mostMined + 1}, 400},
			{"send", named{From: "n9"}, 404},
			{"spy", spies{On: true, Fraction: 2}, 400},
			{"spy", spies{On: true, Fraction: 0.5}, 409},
			{"spy", json.RawMessage(`{"fractoin":1}`), 400},
		} {
			err := c.Post(t.Context(), "devnet/"+x.action, x.in, nil)
			refused, ok := errors.AsType[*client.RefusalError](err)
			if !ok || refused.Status != x.status || refused.Message == "" {
				t.Errorf("%s %+v: %v, want status %d", x.action, x.in, err, x.status)
			}
		}
	})
}

func TestConfigValidate(t *testing.T) {
	good := DefaultConfig("a", "b")
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no nodes":        func(c *Config) { c.Nodes = 0 },
		"too many":        func(c *Config) { c.Nodes = MaxNodes + 1 },
		"negative links":  func(c *Config) { c.Outbound = -1 },
		"negative blocks": func(c *Config) { c.Blocks = -1 },
		"no embargo":      func(c *Config) { c.Embargo = 0 },
		"no folder":       func(c *Config) { c.Dir = "" },
		"no port":         func(c *Config) { c.API = "localhost" },
	} {
		c := good
		spoil(&c)
		if c.Validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
