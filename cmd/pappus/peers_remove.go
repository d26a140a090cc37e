package main

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/btcjson"

	"github.com/pappus-network/pappus/api/client"
)

type peersRemoveCommand struct {
	Peer string `arg:"" help:"The peer's id, or its address with the id at the end."`
}

func (*peersRemoveCommand) examples() [2]string {
	return [2]string{
		"pappus peers remove 12D3KooW…",
		"pappus peers remove /ip4/192.0.2.1/tcp/8477/p2p/12D3KooW…",
	}
}

// Run asks the node to forget the link and to close it. Either may be undone
// already, but not both.
func (c *peersRemoveCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	forgotten := node.Call(ctx, "addnode", []any{c.Peer, "remove"}, nil)
	if forgotten != nil && !hasCode(forgotten, btcjson.ErrRPCClientNodeNotAdded) {
		return forgotten
	}
	closed := node.Call(ctx, "disconnectnode", []any{c.Peer}, nil)
	if closed != nil && !hasCode(closed, btcjson.ErrRPCClientNodeNotConnected) {
		return closed
	}
	if forgotten != nil && closed != nil {
		return errors.New("there is no such peer: pappus peers list shows those there are")
	}
	if g.JSON {
		return term.printJSON(map[string]string{"removed": c.Peer})
	}
	return term.printf("removed\n")
}

func hasCode(err error, code btcjson.RPCErrorCode) bool {
	refused, ok := errors.AsType[*client.RPCError](err)
	return ok && refused.Code == int(code)
}
