package main

import "context"

type peersAddCommand struct {
	Addr string `arg:"" name:"multiaddr" help:"The peer's address with its id at the end, as its addrs file has it."`
}

func (*peersAddCommand) examples() [2]string {
	return [2]string{
		"pappus peers add /ip4/192.0.2.1/tcp/8477/p2p/12D3KooW…",
		"pappus peers add --network regtest --datadir ./b $(head -1 ./a/regtest/addrs)",
	}
}

// Run asks the node to keep the link.
func (c *peersAddCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	if err := node.Call(ctx, "addnode", []any{c.Addr, "add"}, nil); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(map[string]string{"added": c.Addr})
	}
	return term.printf("added: the node connects and keeps the link (pappus peers list shows it)\n")
}
