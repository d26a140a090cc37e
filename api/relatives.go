package api

import (
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Pool answers for single transactions of the mempool.
type Pool interface {
	Count() int
	Entry(txid chainhash.Hash) (Pending, bool)
	// Spender returns the transaction that spends an output, if one waits.
	Spender(out wire.OutPoint) (chainhash.Hash, bool)
}

func (d *dispatcher) relativeMethods() []method {
	args := []argument{{name: "txid"}, {name: "verbose", optional: true}}
	return []method{
		{
			name: "getmempoolancestors", handle: d.getMempoolAncestors, args: args, heavy: true,
			summary: "Returns the ids of the waiting transactions that one depends on, directly or not; with verbose=true an object with an entry for each.",
		},
		{
			name: "getmempooldescendants", handle: d.getMempoolDescendants, args: args, heavy: true,
			summary: "Returns the ids of the waiting transactions that depend on one, directly or not; with verbose=true an object with an entry for each.",
		},
		{
			name: "gettxspendingprevout", handle: d.getTxSpendingPrevOut,
			args:    []argument{{name: "outputs"}},
			summary: "Says of each output, [{\"txid\":…,\"vout\":…}], which waiting transaction spends it, if one does.",
		},
	}
}

func (d *dispatcher) getMempoolAncestors(_ context.Context, a arguments) (any, error) {
	return d.relatives(a, func(m *member) []chainhash.Hash { return m.parents })
}

func (d *dispatcher) getMempoolDescendants(_ context.Context, a arguments) (any, error) {
	return d.relatives(a, func(m *member) []chainhash.Hash { return m.children })
}

func (d *dispatcher) relatives(a arguments, next func(*member) []chainhash.Hash) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	verbose, err := a.flag(1, false)
	if err != nil {
		return nil, err
	}
	f := newFamily(d.Mempool.Pending())
	if _, ok := f.members[txid]; !ok {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Transaction not in mempool")
	}
	found := f.reach(txid, next)[1:]
	if !verbose {
		return hashStrings(found), nil
	}
	entries := make(map[string]mempoolEntry, len(found))
	for _, hash := range found {
		entries[hash.String()] = f.entry(hash)
	}
	return entries, nil
}

// maxOutputs is how many outputs one call asks for. Source: what fits maxBody many times.
const maxOutputs = 1000

// spentOutput is one answer of gettxspendingprevout.
type spentOutput struct {
	Txid     string `json:"txid"`
	Vout     uint32 `json:"vout"`
	Spending string `json:"spendingtxid,omitempty"`
}

func (d *dispatcher) getTxSpendingPrevOut(_ context.Context, a arguments) (any, error) {
	var asked []struct {
		Txid string `json:"txid"`
		Vout *int64 `json:"vout"`
	}
	if kindOf(a.values[0]) != "array" || json.Unmarshal(a.values[0], &asked) != nil {
		return nil, a.wrongType(0, "array")
	}
	if len(asked) == 0 || len(asked) > maxOutputs {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, outputs are missing, or more than %d", maxOutputs)
	}
	answers := make([]spentOutput, 0, len(asked))
	for _, o := range asked {
		txid, err := chainhash.NewHashFromStr(o.Txid)
		if err != nil || len(o.Txid) != 2*chainhash.HashSize {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "txid must be of 64 hexadecimal digits (not '%s')", clip(o.Txid))
		}
		if o.Vout == nil || *o.Vout < 0 || *o.Vout > math.MaxUint32 {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid parameter, vout is missing, negative or above 4,294,967,295")
		}
		r := spentOutput{Txid: o.Txid, Vout: uint32(*o.Vout)}
		if by, ok := d.Pool.Spender(wire.OutPoint{Hash: *txid, Index: r.Vout}); ok {
			r.Spending = by.String()
		}
		answers = append(answers, r)
	}
	return answers, nil
}

// reach returns a member and all that is reached from it by parents or children, the
// nearest first.
func (f family) reach(from chainhash.Hash, next func(*member) []chainhash.Hash) []chainhash.Hash {
	found := []chainhash.Hash{from}
	for i := 0; i < len(found); i++ {
		for _, hash := range next(f.members[found[i]]) {
			if !slices.Contains(found, hash) { // 25 at most: see the mempool's limits
				found = append(found, hash)
			}
		}
	}
	return found
}
