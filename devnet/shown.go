package devnet

import (
	"context"
	"fmt"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/api/dashboard"
)

// shown is a node as its API shows it to the dashboard.
type shown struct{ api *client.Client }

// State implements dashboard.Public.
func (s shown) State(ctx context.Context) (dashboard.State, error) {
	return ask[dashboard.State](ctx, s.api, "node")
}

// Peers implements dashboard.Public.
func (s shown) Peers(ctx context.Context) ([]dashboard.Peer, error) {
	return ask[[]dashboard.Peer](ctx, s.api, "peers")
}

// Blocks implements dashboard.Public.
func (s shown) Blocks(ctx context.Context, count int) ([]dashboard.Block, error) {
	return ask[[]dashboard.Block](ctx, s.api, "blocks?count=%d", count)
}

// Mempool implements dashboard.Public.
func (s shown) Mempool(ctx context.Context, count int) (dashboard.Mempool, error) {
	return ask[dashboard.Mempool](ctx, s.api, "mempool?count=%d", count)
}

// Addresses implements dashboard.Public.
func (s shown) Addresses(ctx context.Context, count int) (dashboard.Addresses, error) {
	return ask[dashboard.Addresses](ctx, s.api, "addresses?count=%d", count)
}

// Own implements dashboard.Private.
func (s shown) Own(ctx context.Context) ([]dashboard.Own, error) {
	return ask[[]dashboard.Own](ctx, s.api, "own")
}

// Logs implements dashboard.Private.
func (s shown) Logs(ctx context.Context, count int) ([]dashboard.Line, error) {
	return ask[[]dashboard.Line](ctx, s.api, "logs?count=%d", count)
}

func ask[Out any](ctx context.Context, api *client.Client, path string, args ...any) (out Out, err error) {
	err = api.Get(ctx, fmt.Sprintf(path, args...), &out)
	return out, err
}
