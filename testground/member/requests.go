package member

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/api/client"
)

// notKept is bitcoind's code for a node that addnode does not keep, and notConnected
// for one that disconnectnode does not find.
const (
	notKept      = -24
	notConnected = -29
)

// Link keeps a link to a peer.
func (m *Member) Link(ctx context.Context, addr string) error {
	return m.Call(ctx, nil, "addnode", addr, "add")
}

// Unlink no longer keeps a link to a peer, whether it was kept or not. What is
// connected stays so.
func (m *Member) Unlink(ctx context.Context, id string) error {
	err := m.Call(ctx, nil, "addnode", id, "remove")
	if refused, ok := errors.AsType[*client.RPCError](err); ok && refused.Code == notKept {
		return nil
	}
	return err
}

// Disconnect closes the connections to a peer, if there are any.
func (m *Member) Disconnect(ctx context.Context, id string) error {
	err := m.Call(ctx, nil, "disconnectnode", id)
	if refused, ok := errors.AsType[*client.RPCError](err); ok && refused.Code == notConnected {
		return nil
	}
	return err
}

// Peers returns the ids of the connected peers, sorted.
func (m *Member) Peers(ctx context.Context) ([]string, error) {
	var peers []struct {
		ID string `json:"peerid"`
	}
	if err := m.Call(ctx, &peers, "getpeerinfo"); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(peers))
	for _, p := range peers {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return ids, nil
}

// Tip returns the hash of the last block.
func (m *Member) Tip(ctx context.Context) (string, error) {
	var hash string
	err := m.Call(ctx, &hash, "getbestblockhash")
	return hash, err
}

// Mine finds blocks and returns their hashes.
func (m *Member) Mine(ctx context.Context, n int) ([]string, error) {
	var hashes []string
	err := m.Call(ctx, &hashes, "generate", n)
	return hashes, err
}

// Block returns a block.
func (m *Member) Block(ctx context.Context, hash string) (*btcutil.Block, error) {
	var text string
	if err := m.Call(ctx, &text, "getblock", hash, 0); err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("decode block %s: %w", hash, err)
	}
	return btcutil.NewBlockFromBytes(raw)
}

// Send hands the node a transaction of its operator's.
func (m *Member) Send(ctx context.Context, tx *btcutil.Tx) error {
	var w hexWriter
	if err := tx.MsgTx().Serialize(&w); err != nil {
		return fmt.Errorf("serialize transaction: %w", err)
	}
	return m.Call(ctx, nil, "sendrawtransaction", string(w))
}

// hexWriter keeps what is written as hexadecimal text.
type hexWriter []byte

// Write implements io.Writer.
func (w *hexWriter) Write(p []byte) (int, error) {
	*w = hex.AppendEncode(*w, p)
	return len(p), nil
}
