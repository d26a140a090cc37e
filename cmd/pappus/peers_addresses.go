package main

import (
	"context"
	"fmt"
	"time"
)

type peersAddressesCommand struct {
	Count   int    `arg:"" optional:"" help:"How many to list, drawn at random." default:"0"`
	Network string `name:"family" help:"ipv4 or ipv6 alone." placeholder:"NAME"`
}

func (*peersAddressesCommand) examples() [2]string {
	return [2]string{
		"pappus peers addresses",
		"pappus peers addresses 20 --family ipv6",
	}
}

// knownPeer is what is shown of getnodeaddresses.
type knownPeer struct {
	Time       int64    `json:"time"`
	Services   uint64   `json:"services"`
	Network    string   `json:"network"`
	PeerID     string   `json:"peerid"`
	Multiaddrs []string `json:"multiaddrs"`
}

type bookSize struct {
	New   int `json:"new"`
	Tried int `json:"tried"`
	Total int `json:"total"`
}

// Run asks the node what its address book has.
func (c *peersAddressesCommand) Run(ctx context.Context, g globals, term terminal) error {
	if c.Count < 0 {
		return &usageError{fmt.Errorf("%d addresses", c.Count)}
	}
	node, err := dial(g)
	if err != nil {
		return err
	}
	var sizes map[string]bookSize
	if err := node.Call(ctx, "getaddrmaninfo", nil, &sizes); err != nil {
		return err
	}
	known := []knownPeer{}
	if c.Count > 0 {
		params := []any{c.Count}
		if c.Network != "" {
			params = append(params, c.Network)
		}
		if err := node.Call(ctx, "getnodeaddresses", params, &known); err != nil {
			return err
		}
	}
	if g.JSON {
		return term.printJSON(map[string]any{"size": sizes, "peers": known})
	}
	rows := [][]string{{"", "NEW", "TRIED", "ALL"}}
	for _, family := range []string{"ipv4", "ipv6", "all_networks"} {
		s := sizes[family]
		rows = append(rows, []string{family, fmt.Sprint(s.New), fmt.Sprint(s.Tried), fmt.Sprint(s.Total)})
	}
	if err := term.table(rows); err != nil || len(known) == 0 {
		return err
	}
	rows = [][]string{{"SEEN", "ADDRESS"}}
	for _, p := range known {
		for i, m := range p.Multiaddrs {
			seen := ""
			if i == 0 {
				seen = ago(p.Time, time.Now())
			}
			rows = append(rows, []string{seen, m})
		}
	}
	if err := term.printf("\n"); err != nil {
		return err
	}
	return term.table(rows)
}
