package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcjson"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/client"
)

type txStatusCommand struct {
	TxID string `arg:"" name:"txid" help:"The transaction's id, as tx send printed it."`
}

func (*txStatusCommand) examples() [2]string {
	return [2]string{
		"pappus tx status 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
		"pappus tx status --json $TXID | jq -r .state",
	}
}

// ownTx is what the node tells of an own transaction; times are Unix seconds, 0 until
// they come.
type ownTx struct {
	Txid      string  `json:"txid"`
	State     string  `json:"state"`
	Submitted int64   `json:"submitted"`
	Stems     []int64 `json:"stems"`
	Hop       string  `json:"hop"`
	Embargo   int64   `json:"embargo_ends"`
	Fluffed   int64   `json:"fluffed"`
	FluffedBy string  `json:"fluffed_by"`
	FirstSeen int64   `json:"first_seen"`
	Peers     int     `json:"seen_from_peers"`
	Groups    int     `json:"seen_from_netgroups"`
	BlockHash string  `json:"blockhash"`
	Height    int32   `json:"blockheight"`
	Mined     int64   `json:"mined"`
	Dropped   int64   `json:"dropped"`
	Why       string  `json:"dropped_because"`
	Advice    string  `json:"advice"`
}

// Run shows the life of a transaction.
func (c *txStatusCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	err = node.Call(ctx, "getowntransaction", []any{c.TxID}, &raw)
	if refused, ok := errors.AsType[*client.RPCError](err); ok && btcjson.RPCErrorCode(refused.Code) == btcjson.ErrRPCInvalidAddressOrKey {
		return fmt.Errorf("%s was not submitted to this node: `pappus tx list` shows those that were; `pappus rpc getrawtransaction` finds others", c.TxID)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var t ownTx
	if err := json.Unmarshal(raw, &t); err != nil {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	return t.print(term, time.Now())
}

// print shows one line for each step that has come.
func (t *ownTx) print(term terminal, now time.Time) error {
	rows := [][]string{{t.Txid, t.headline(now)}, {"submitted", moment(t.Submitted, now)}}
	for _, at := range t.Stems {
		rows = append(rows, []string{"stemmed", moment(at, now) + ", to an " + t.Hop + " peer"})
	}
	if t.Embargo > 0 && t.Fluffed == 0 && t.Dropped == 0 {
		rows = append(rows, []string{"embargo", "ends " + moment(t.Embargo, now)})
	}
	if t.Fluffed > 0 {
		rows = append(rows, []string{"fluffed", moment(t.Fluffed, now) + ", by " + t.by()})
	}
	if t.FirstSeen > 0 {
		rows = append(rows, []string{"seen back", fmt.Sprintf("%s, from %s in %s", moment(t.FirstSeen, now), api.Count(t.Peers, "peer"), api.Count(t.Groups, "netgroup"))})
	}
	if t.Mined > 0 {
		rows = append(rows, []string{"mined", fmt.Sprintf("%s, at height %d in %s", moment(t.Mined, now), t.Height, t.BlockHash)})
	}
	if t.Dropped > 0 {
		rows = append(rows, []string{"dropped", moment(t.Dropped, now) + ": " + t.Why})
	}
	if err := term.table(rows); err != nil {
		return err
	}
	if t.Advice == "" {
		return nil
	}
	return term.printf("\n%s\n", t.Advice)
}

// by names who ended the stem.
func (t *ownTx) by() string {
	switch t.FluffedBy {
	case "others":
		return "others"
	case "embargo":
		return "this node, when its embargo ended"
	case "loop":
		return "this node, because it came back in its stem"
	case "no_peer":
		return "this node, because no stem peer took it"
	case "broadcast":
		return "this node, without a stem"
	}
	return "this node (" + t.FluffedBy + ")"
}

// headline says in a few words how far it is.
func (t *ownTx) headline(now time.Time) string {
	switch t.State {
	case "waiting":
		return "waiting for a peer"
	case "stemmed":
		return fmt.Sprintf("in its stem for %s", span(now.Sub(time.Unix(t.Stems[len(t.Stems)-1], 0))))
	case "fluffed":
		return "published"
	case "seen":
		return "published, seen back from " + api.Count(t.Peers, "peer")
	case "mined":
		return fmt.Sprintf("mined at height %d", t.Height)
	}
	return t.State
}

// moment writes a time and how far it is.
func moment(unix int64, now time.Time) string {
	at := time.Unix(unix, 0)
	if d := now.Sub(at); d >= 0 {
		return at.UTC().Format(time.DateTime) + " UTC (" + span(d) + " ago)"
	}
	return at.UTC().Format(time.DateTime) + " UTC (in " + span(at.Sub(now)) + ")"
}
