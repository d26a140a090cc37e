package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/node"
)

type doctorCommand struct{ nodeFlags }

func (*doctorCommand) examples() [2]string {
	return [2]string{
		"pappus doctor",
		"pappus doctor --network regtest --datadir ./a --json",
	}
}

// grade is how a finding counts.
type grade string

const (
	good    grade = "ok"
	warning grade = "warn"
	bad     grade = "fail"
)

// finding is what one look has shown, and what to do about it.
type finding struct {
	Name  string `json:"name"`
	Grade grade  `json:"grade"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"`
}

// judged is a finding whose grade depends on ok.
func judged(name string, ok bool, otherwise grade, says, do string) finding {
	if ok {
		return finding{Name: name, Grade: good, Says: says}
	}
	return finding{name, otherwise, says, do}
}

// Run looks at the settings, the machine and the folder, and asks the node if one runs.
// The exit code is 1 if anything fails; warnings do not count.
func (c *doctorCommand) Run(ctx context.Context, g globals, term terminal) error {
	cfg := c.config(g)
	all := []finding{checkSettings(cfg)}
	all = append(all, checkMachine()...)
	all = append(all, checkFolder(cfg)...)
	all = append(all, checkNode(ctx, g)...)
	sick := slices.ContainsFunc(all, func(f finding) bool { return f.Grade == bad })
	if err := printFindings(g, term, all); err != nil {
		return err
	}
	if sick {
		return errUnhealthy
	}
	return nil
}

func printFindings(g globals, term terminal, all []finding) error {
	if g.JSON {
		return term.printJSON(all)
	}
	for _, f := range all {
		colours := map[grade]colour{good: green, warning: yellow, bad: red}
		if err := term.printf("%s %-9s %s\n", term.paint(colours[f.Grade], fmt.Sprintf("%-4s", f.Grade)), f.Name, f.Says); err != nil {
			return err
		}
		if f.Do != "" {
			if err := term.printf("               → %s\n", f.Do); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkSettings(cfg node.Config) finding {
	if err := cfg.Validate(); err != nil {
		return finding{"settings", bad, oneLine(err), "change it; pappus config show tells where each value comes from"}
	}
	return finding{Name: "settings", Grade: good, Says: "a node would start with them"}
}

// checkNode asks the running node how ready it is.
func checkNode(ctx context.Context, g globals) []finding {
	running, err := dial(g)
	if err != nil {
		says, do := oneLine(err), "if it should run: start it with `pappus node`, and see its log"
		if errors.Is(err, client.ErrNotRunning) {
			return []finding{{"node", warning, says, do}}
		}
		return []finding{{"node", bad, says, do}}
	}
	var ready struct {
		Checks []struct {
			Name string `json:"name"`
			OK   bool   `json:"ok"`
			Says string `json:"says"`
			Do   string `json:"do"`
		} `json:"checks"`
	}
	var network networkInfo
	var uptime int64
	if err := askAll(ctx, running, question{"getreadiness", &ready}, question{"getnetworkinfo", &network}, question{"uptime", &uptime}); err != nil {
		return []finding{{"node", bad, oneLine(err), "see its log; if it hangs, stop it and start it again"}}
	}
	all := []finding{judged("node", network.Agent == node.Agent, warning, fmt.Sprintf("%s has run for %s", network.Agent, span(time.Duration(uptime)*time.Second)),
		fmt.Sprintf("this program is %s: restart the node with it", node.Agent))}
	for _, c := range ready.Checks {
		all = append(all, judged(c.Name, c.OK, bad, c.Says, c.Do))
	}
	// An hour is enough for somebody to have heard of a node that can be reached.
	const longEnough = 60 * 60
	private := g.Network == "regtest" || g.Network == "simnet"
	says := api.Count(network.Inbound, "peer") + " have dialled this node"
	if network.Inbound == 1 {
		says = "1 peer has dialled this node"
	}
	return append(all, judged("reachable", network.Inbound > 0 || uptime < longEnough || private, warning, says,
		"let TCP and UDP of its port through firewall and router (docs/operating.md, Ports); it works without, but serves nobody"))
}
