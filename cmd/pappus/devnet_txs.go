package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/devnet"
)

type devnetSendCommand struct {
	devnetFlags

	From  string `help:"Name of the node that sends; without it any." placeholder:"NAME"`
	Count int    `arg:"" optional:"" help:"How many transactions." default:"1"`
}

func (*devnetSendCommand) examples() [2]string {
	return [2]string{"pappus devnet send", "pappus devnet send 10 --from n2"}
}

// Run has transactions sent.
func (c *devnetSendCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.act(ctx, g, term, "send", map[string]any{"from": c.From, "count": c.Count}, listed("sent", "txids"))
}

type devnetMineCommand struct {
	devnetFlags

	Name  string `help:"Name of the node that mines; without it any." placeholder:"NAME"`
	Count int    `arg:"" optional:"" help:"How many blocks." default:"1"`
}

func (*devnetMineCommand) examples() [2]string {
	return [2]string{"pappus devnet mine", "pappus devnet mine 10 --name n2"}
}

// Run has blocks found.
func (c *devnetMineCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.act(ctx, g, term, "mine", map[string]any{"name": c.Name, "count": c.Count}, listed("mined", "hashes"))
}

type devnetSpyCommand struct {
	devnetFlags

	Fraction float64 `arg:"" optional:"" help:"Share of the nodes that are spies, above 0 and below 1; 0 ends it." default:"0.2"`
}

func (*devnetSpyCommand) examples() [2]string {
	return [2]string{"pappus devnet spy 0.2", "pappus devnet spy 0"}
}

// Run switches the spies on or off.
func (c *devnetSpyCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.act(ctx, g, term, "spy", map[string]any{"on": c.Fraction != 0, "fraction": c.Fraction}, func(raw json.RawMessage) string {
		var v devnet.Verdict
		if json.Unmarshal(raw, &v) != nil || !v.On {
			return "no spies"
		}
		return "spies: " + strings.Join(v.Spies, " ") + "; pappus devnet status shows how well they guess"
	})
}

type devnetStatusCommand struct{ devnetFlags }

func (*devnetStatusCommand) examples() [2]string {
	return [2]string{"pappus devnet status", "pappus devnet status --json | jq '.network.nodes | length'"}
}

// devnetStatus is all that status shows.
type devnetStatus struct {
	Info    dashboard.Info    `json:"info"`
	Ready   json.RawMessage   `json:"ready"`
	Network dashboard.Network `json:"network"`
	Spy     devnet.Verdict    `json:"spy"`
	Txs     []devnet.Trace    `json:"txs"`
}

// Run shows the network.
func (c *devnetStatusCommand) Run(ctx context.Context, g globals, term terminal) error {
	net, err := c.dial()
	if err != nil {
		return err
	}
	var s devnetStatus
	for _, q := range []struct {
		path string
		into any
	}{{"info", &s.Info}, {"ready", &s.Ready}, {"network", &s.Network}, {"spy", &s.Spy}, {"txs?count=5", &s.Txs}} {
		if err := net.Get(ctx, q.path, q.into); err != nil {
			return err
		}
	}
	if g.JSON {
		return term.printJSON(s)
	}
	return term.table(s.rows())
}

func (s *devnetStatus) rows() [][]string {
	rows := [][]string{{"NODE", "STATE", "HEIGHT", "PEERS", "MEMPOOL", "GROUP", "SPY", "ID"}}
	for _, n := range s.Network.Nodes {
		rows = append(rows, []string{
			n.Name, n.State, fmt.Sprint(n.Height), fmt.Sprint(n.Peers), fmt.Sprint(n.Mempool), fmt.Sprint(n.Group), mark(n.Spy), n.ID,
		})
	}
	switch {
	case s.Spy.On && s.Spy.Seen == 0:
		rows = append(rows, []string{}, []string{"spies listen; nobody else has sent anything yet that has spread"})
	case s.Spy.On:
		rows = append(rows, []string{}, []string{fmt.Sprintf("spies have named %d of %d sources: precision %.2f, recall %.2f",
			s.Spy.Guesses, s.Spy.Seen, s.Spy.Precision, s.Spy.Recall)})
	}
	for i, t := range s.Txs {
		if i == 0 {
			rows = append(rows, []string{}, []string{"TRANSACTION", "STATE", "FROM", "REACHED", "AGE"})
		}
		age := span(max(0, time.Since(time.UnixMilli(t.Sent))))
		rows = append(rows, []string{t.Txid, t.State, t.Origin, fmt.Sprintf("%d/%d", t.Reached, t.Nodes), age})
	}
	return rows
}

func mark(yes bool) string {
	if yes {
		return "spy"
	}
	return "-"
}
