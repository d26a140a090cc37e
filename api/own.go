package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// Own answers for the operator's own transactions, and nobody else's.
type Own interface {
	// OwnTxs returns all that the journal holds, the last submitted first.
	OwnTxs() []OwnTx
	OwnTx(txid chainhash.Hash) (OwnTx, bool)
	// AbortTx takes back a transaction that is in its stem still, and says whether it was.
	AbortTx(txid chainhash.Hash) bool
}

// OwnTx is the life of a transaction of the operator's. Zero times have not come.
type OwnTx struct {
	Tx        *btcutil.Tx
	State     string // waiting, stemmed, fluffed, seen, mined or dropped
	Submitted time.Time
	Stems     []time.Time // when it was handed to a peer that this node dialled
	Embargo   time.Time   // when this node fluffs it if nobody has
	Fluffed   time.Time
	FluffedBy string // others, embargo, loop, no_peer, broadcast

	FirstSeen, LastSeen time.Time
	Peers, Groups       int // that have shown it back

	Block  chainhash.Hash
	Height int32
	Mined  time.Time

	Dropped time.Time
	Why     string
	Advice  string // what keeps it and what to do; empty if nothing does
}

// inStem says whether it is not published yet.
func (o *OwnTx) inStem() bool { return o.State == "waiting" || o.State == "stemmed" }

func (d *dispatcher) ownMethods() []method {
	return []method{
		{
			name: "abortprivatebroadcast", handle: d.abortPrivateBroadcast,
			args: []argument{{name: "id"}},
			summary: "Takes back a transaction of this node's own, by its txid or wtxid, that is in its stem and not published yet, with those that spend from it. " +
				"Whoever has it in its stem may publish it nevertheless.",
		},
		{
			name: "getowntransaction", handle: d.getOwnTransaction,
			args:    []argument{{name: "txid"}},
			summary: "Returns the life of a transaction that was submitted to this node: submitted, stemmed, embargo, fluffed by whom, seen back, mined; and what to do if it is stuck. Ours; bitcoind has nothing like it.",
		},
		{
			name: "getprivatebroadcastinfo", handle: d.getPrivateBroadcastInfo,
			summary: "Returns the transactions of this node's own that are in their stem. As bitcoind's, with \"peers\" telling when each was handed on; to whom is not told, by address or otherwise.",
		},
		{
			name: "listowntransactions", handle: d.listOwnTransactions, heavy: true,
			summary: "Returns the lives of all transactions that were submitted to this node, the last first. Ours; see getowntransaction.",
		},
	}
}

// ownResult is an OwnTx as JSON; times are Unix seconds, absent until they come.
type ownResult struct {
	Txid      string  `json:"txid"`
	Wtxid     string  `json:"wtxid"`
	State     string  `json:"state"`
	Submitted int64   `json:"submitted"`
	Stems     []int64 `json:"stems"`
	Hop       string  `json:"hop,omitempty"` // class of the peers that it was handed to
	Embargo   int64   `json:"embargo_ends,omitempty"`
	Fluffed   int64   `json:"fluffed,omitempty"`
	FluffedBy string  `json:"fluffed_by,omitempty"`
	FirstSeen int64   `json:"first_seen,omitempty"`
	LastSeen  int64   `json:"last_seen,omitempty"`
	Peers     int     `json:"seen_from_peers"`
	Groups    int     `json:"seen_from_netgroups"`
	BlockHash string  `json:"blockhash,omitempty"`
	Height    int32   `json:"blockheight,omitempty"`
	Mined     int64   `json:"mined,omitempty"`
	Dropped   int64   `json:"dropped,omitempty"`
	Why       string  `json:"dropped_because,omitempty"`
	Advice    string  `json:"advice,omitempty"`
}

func newOwnResult(o OwnTx) ownResult {
	r := ownResult{
		Txid: o.Tx.Hash().String(), Wtxid: o.Tx.WitnessHash().String(), State: o.State, Submitted: unix(o.Submitted),
		Stems: make([]int64, 0, len(o.Stems)), Embargo: since(o.Embargo), Fluffed: since(o.Fluffed), FluffedBy: o.FluffedBy,
		FirstSeen: since(o.FirstSeen), LastSeen: since(o.LastSeen), Peers: o.Peers, Groups: o.Groups,
		Height: o.Height, Mined: since(o.Mined), Dropped: since(o.Dropped), Why: o.Why, Advice: o.Advice,
	}
	for _, at := range o.Stems {
		r.Stems = append(r.Stems, unix(at))
		r.Hop = "outbound"
	}
	if o.Block != (chainhash.Hash{}) {
		r.BlockHash = o.Block.String()
	}
	return r
}

// since is unix, with 0 for what has not come.
func since(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (d *dispatcher) getOwnTransaction(_ context.Context, a arguments) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	o, ok := d.Own.OwnTx(txid)
	if !ok {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Transaction was not submitted to this node")
	}
	return newOwnResult(o), nil
}

func (d *dispatcher) listOwnTransactions(context.Context, arguments) (any, error) {
	all := make([]ownResult, 0)
	for _, o := range d.Own.OwnTxs() {
		all = append(all, newOwnResult(o))
	}
	return all, nil
}

// privateTx is one transaction of getprivatebroadcastinfo and abortprivatebroadcast.
type privateTx struct {
	Txid  string        `json:"txid"`
	Wtxid string        `json:"wtxid"`
	Hex   string        `json:"hex"`
	Added int64         `json:"time_added,omitempty"`
	Peers []privatePeer `json:"peers,omitempty"`
}

type privatePeer struct {
	Sent int64 `json:"sent"`
}

func newPrivateTx(tx *btcutil.Tx) (privateTx, error) {
	raw, err := txBytes(tx)
	return privateTx{Txid: tx.Hash().String(), Wtxid: tx.WitnessHash().String(), Hex: hex.EncodeToString(raw)}, err
}

func (d *dispatcher) getPrivateBroadcastInfo(context.Context, arguments) (any, error) {
	all := make([]privateTx, 0)
	for _, o := range d.Own.OwnTxs() {
		if !o.inStem() {
			continue
		}
		p, err := newPrivateTx(o.Tx)
		if err != nil {
			return nil, err
		}
		p.Added = unix(o.Submitted)
		for _, at := range o.Stems {
			p.Peers = append(p.Peers, privatePeer{unix(at)})
		}
		all = append(all, p)
	}
	return map[string]any{"transactions": all}, nil
}

func (d *dispatcher) abortPrivateBroadcast(_ context.Context, a arguments) (any, error) {
	id, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	before := d.Own.OwnTxs()
	aborted := false
	for _, o := range before {
		if o.inStem() && (*o.Tx.Hash() == id || *o.Tx.WitnessHash() == id) {
			aborted = d.Own.AbortTx(*o.Tx.Hash())
		}
	}
	if !aborted {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Transaction not in private broadcast queue. Check getprivatebroadcastinfo.")
	}
	removed := make([]privateTx, 0, 1)
	for _, o := range before { // those that spend from it went as well
		if now, ok := d.Own.OwnTx(*o.Tx.Hash()); !o.inStem() || (ok && now.State != "dropped") {
			continue
		}
		p, err := newPrivateTx(o.Tx)
		if err != nil {
			return nil, err
		}
		removed = append(removed, p)
	}
	return map[string]any{"removed_transactions": removed}, nil
}

// maxTest is how many transactions testmempoolaccept takes. Source: bitcoind's
// MAX_PACKAGE_COUNT.
const maxTest = 25

// testResult is one answer of testmempoolaccept.
type testResult struct {
	Txid    string    `json:"txid"`
	Wtxid   string    `json:"wtxid"`
	Allowed bool      `json:"allowed"`
	Vsize   int64     `json:"vsize,omitempty"`
	Fees    *testFees `json:"fees,omitempty"`
	Reason  string    `json:"reject-reason,omitempty"`
}

type testFees struct {
	Base amount `json:"base"`
}

func (d *dispatcher) testMempoolAccept(_ context.Context, a arguments) (any, error) {
	var raw []json.RawMessage
	if kindOf(a.values[0]) != "array" || json.Unmarshal(a.values[0], &raw) != nil {
		return nil, a.wrongType(0, "array")
	}
	if len(raw) == 0 || len(raw) > maxTest {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Array must contain between 1 and %d transactions.", maxTest)
	}
	limit, err := a.maxFeeRate(1)
	if err != nil {
		return nil, err
	}
	results := make([]testResult, 0, len(raw))
	for _, r := range raw {
		tx, err := arguments{method: a.method, values: []json.RawMessage{r}}.transaction(0)
		if err != nil {
			return nil, err
		}
		results = append(results, d.testTx(tx, limit))
	}
	return results, nil
}

func (d *dispatcher) testTx(tx *btcutil.Tx, limit btcutil.Amount) testResult {
	r := testResult{Txid: tx.Hash().String(), Wtxid: tx.WitnessHash().String()}
	fee, size, err := d.Mempool.CheckTx(tx)
	switch {
	case err == nil && limit > 0 && size > 0 && int64(fee)*1000/size > int64(limit):
		r.Reason = "max-fee-exceeded"
	case err == nil:
		r.Allowed, r.Vsize, r.Fees = true, size, &testFees{amount(fee)}
	case errors.Is(err, ErrPending):
		r.Reason = "txn-already-in-mempool"
	case errors.Is(err, ErrConfirmed):
		r.Reason = "txn-already-known"
	case errors.Is(err, ErrMissingInputs):
		r.Reason = "missing-inputs"
	default:
		r.Reason = clip(string(bytes.TrimSpace([]byte(err.Error()))))
	}
	return r
}
