package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pappus-network/pappus/api/client"
)

// errUnhealthy gives the exit code of a node that is not well; all is said already.
var errUnhealthy = errors.New("the node is not healthy")

type statusCommand struct{}

func (*statusCommand) examples() [2]string {
	return [2]string{
		"pappus status",
		"pappus status --network regtest --datadir ./a && echo healthy",
	}
}

// health is what the node tells of itself, and the verdict.
type health struct {
	Healthy bool        `json:"healthy"`
	State   string      `json:"state"`
	Uptime  int64       `json:"uptime"` // seconds
	Chain   chainInfo   `json:"chain"`
	Sync    syncInfo    `json:"sync"`
	Network networkInfo `json:"network"`
}

type syncInfo struct {
	Syncing        bool    `json:"syncing"`
	Peers          int     `json:"peers"`
	BytesPerSecond float64 `json:"bytespersecond"`
	ETA            int64   `json:"eta"` // seconds; 0 = nobody knows
}

type networkInfo struct {
	PeerID    string   `json:"peerid"`
	Agent     string   `json:"subversion"`
	Inbound   int      `json:"connections_in"`
	Outbound  int      `json:"connections_out"`
	Addresses []string `json:"listenaddresses"`
	Reach     struct {
		Verdict string   `json:"verdict"`
		Reasons []string `json:"reasons"`
	} `json:"reachability"`
}

// Run asks the node and judges.
func (*statusCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	h, err := examine(ctx, node, g.Network)
	if err != nil {
		return err
	}
	if g.JSON {
		err = term.printJSON(h)
	} else {
		err = term.table(h.rows(time.Now()))
	}
	if err == nil && !h.Healthy {
		err = errUnhealthy
	}
	return err
}

func examine(ctx context.Context, node *client.Client, network string) (health, error) {
	var h health
	if err := askAll(ctx, node,
		question{"getblockchaininfo", &h.Chain}, question{"getsyncinfo", &h.Sync}, question{"getnetworkinfo", &h.Network}, question{"uptime", &h.Uptime},
	); err != nil {
		return health{}, err
	}
	h.judge(network)
	return h, nil
}

// question is a method without arguments, and where its answer goes.
type question struct {
	method string
	into   any
}

// askAll asks one after the other, up to the first that fails.
func askAll(ctx context.Context, node *client.Client, questions ...question) error {
	for _, q := range questions {
		if err := node.Call(ctx, q.method, nil, q.into); err != nil {
			return err
		}
	}
	return nil
}

// judge calls a node healthy that is in step with somebody. A private network
// may consist of it alone.
func (h *health) judge(network string) {
	private := network == "regtest" || network == "simnet"
	left := h.Chain.Headers - h.Chain.Blocks
	switch {
	case h.Sync.Peers == 0 && private && left <= 0:
		h.Healthy, h.State = true, "alone on a private network"
	case h.Sync.Peers == 0:
		h.State = "no peers: name one with pappus peers add"
	case h.Sync.Syncing:
		h.State = "syncing"
	default:
		h.Healthy, h.State = true, "in step with its peers"
	}
}

func (h *health) rows(now time.Time) [][]string {
	verdict := "not healthy: "
	if h.Healthy {
		verdict = "healthy: "
	}
	progress := fmt.Sprintf("%d of %d", h.Chain.Blocks, h.Chain.Headers)
	if h.Sync.Syncing && h.Sync.ETA > 0 {
		progress += fmt.Sprintf(" · %s/s · ETA %s", size(h.Sync.BytesPerSecond), span(time.Duration(h.Sync.ETA)*time.Second))
	}
	age := "no block but the genesis block is here"
	if h.Chain.Blocks > 0 {
		age = span(max(0, now.Sub(time.Unix(h.Chain.Time, 0))))
	}
	rows := [][]string{
		{"node", verdict + h.State},
		{"running for", span(time.Duration(h.Uptime) * time.Second)},
		{"network", h.Chain.Chain},
		{"blocks", progress},
		{"tip", h.Chain.BestBlockHash},
		{"tip's age", age},
		{"on disk", size(float64(h.Chain.SizeOnDisk))},
		{"peers", fmt.Sprintf("%d inbound, %d outbound", h.Network.Inbound, h.Network.Outbound)},
		{"peer id", h.Network.PeerID},
		{"from outside", strings.Join(append([]string{h.Network.Reach.Verdict}, h.Network.Reach.Reasons...), ": ")},
	}
	for i, a := range h.Network.Addresses {
		title := ""
		if i == 0 {
			title = "listens on"
		}
		rows = append(rows, []string{title, a})
	}
	return rows
}
