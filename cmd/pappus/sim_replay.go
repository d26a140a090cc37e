package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/study"
)

type simReplayCommand struct {
	scenarioFlags
	Seed  uint64 `arg:"" help:"Seed of a run, as its results have it; any other plays the point anew."`
	Point string `help:"Point to play, as results name it. Without it: that of the seed, or the first." placeholder:"ID"`
	Tx    int    `help:"Which transaction to follow, from 0." default:"0" placeholder:"N"`
}

func (*simReplayCommand) examples() [2]string {
	return [2]string{
		"pappus sim replay latency 1 --short",
		"pappus sim replay latency 1 --short --tx 3 --json | jq .steps[0]",
	}
}

// replayed is what is told of a transaction.
type replayed struct {
	Scenario string         `json:"scenario"`
	Point    string         `json:"point"`
	At       string         `json:"at"`
	Seed     uint64         `json:"seed,string"`
	Trace    string         `json:"trace"`
	Tx       int            `json:"tx"`
	Source   int32          `json:"source"`
	Reached  int            `json:"reached"`
	Nodes    int            `json:"nodes"`
	Steps    []replayedStep `json:"steps"`
}

type replayedStep struct {
	Seconds float64 `json:"seconds"` // since it was submitted
	What    string  `json:"what"`
	From    int32   `json:"from"`
	To      int32   `json:"to"` // -1 = nobody
}

// Run plays a run again and prints each step of one transaction.
func (c *simReplayCommand) Run(ctx context.Context, g globals, term terminal) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	if c.Tx < 0 {
		return &usageError{fmt.Errorf("transaction %d is below 0", c.Tx)}
	}
	p, err := s.Find(c.Point, c.Seed)
	if err != nil {
		return &usageError{err}
	}
	result, err := s.Replay(ctx, p, c.Seed, c.Tx)
	if err != nil {
		return err
	}
	out := newReplayed(s, p, c, result)
	if g.JSON {
		return term.printJSON(out)
	}
	return out.print(term)
}

func newReplayed(s *study.Scenario, p study.Point, c *simReplayCommand, r *sim.Result) replayed {
	tx := r.Txs[c.Tx]
	out := replayed{
		Scenario: s.Name, Point: p.ID, At: s.Label(p), Seed: c.Seed, Trace: fmt.Sprintf("%016x", r.Trace),
		Tx: c.Tx, Source: tx.Source, Reached: tx.Reached, Nodes: r.Nodes, Steps: []replayedStep{},
	}
	for _, step := range r.Steps {
		out.Steps = append(out.Steps, replayedStep{(step.At - tx.At).Seconds(), step.What, step.From, step.To})
	}
	return out
}

func (r replayed) print(term terminal) error {
	err := term.printf("%s %s · point %s · seed %d · trace %s\ntransaction %d of node %d, which reached %d of %d nodes\n\n",
		r.Scenario, r.At, r.Point, r.Seed, r.Trace, r.Tx, r.Source, r.Reached, r.Nodes)
	if err != nil {
		return err
	}
	rows := [][]string{{"seconds", "what", "node", "to"}}
	for _, s := range r.Steps {
		rows = append(rows, []string{strconv.FormatFloat(s.Seconds, 'f', 6, 64), s.What, nodeName(s.From), nodeName(s.To)})
	}
	return term.table(rows)
}

// nodeName is a node's number, if there is one.
func nodeName(v int32) string {
	if v < 0 {
		return ""
	}
	return strconv.Itoa(int(v))
}
