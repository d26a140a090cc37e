package api

import (
	"context"
	"slices"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

func (d *dispatcher) mempoolMethods() []method {
	return append(d.relativeMethods(), []method{
		{
			name: "getmempoolentry", handle: d.getMempoolEntry,
			args:    []argument{{name: "txid"}},
			summary: "Returns what the mempool knows of one of its transactions: size, fee, time, relatives.",
		},
		{
			name: "getmempoolinfo", handle: d.getMempoolInfo,
			summary: "Returns how many transactions the mempool holds, their virtual size and fees, and the least fee rate that is relayed.",
		},
		{
			name: "savemempool", handle: d.saveMempool,
			summary: "Writes the mempool to disk, from where it is loaded at the next start, and returns where. It is also written every 15 minutes and at a stop.",
		},
		{
			name: "testmempoolaccept", handle: d.testMempoolAccept, heavy: true,
			args: []argument{{name: "rawtxs"}, {name: "maxfeerate", optional: true}},
			summary: "Says of each of at most 25 transactions, given in hexadecimal, whether the mempool would take it now, and if not why. Each is looked at alone: " +
				"one that spends from another of them lacks its input.",
		},
		{
			name: "getrawmempool", handle: d.getRawMempool, heavy: true,
			args:    []argument{{name: "verbose", optional: true}, {name: "mempool_sequence", optional: true}},
			summary: "Returns the ids of all transactions in the mempool, or with verbose=true an object with an entry for each. A sequence number is not kept. Transactions in the stem phase are not in the mempool and never shown.",
		},
	}...)
}

// mempoolEntry has bitcoind's keys, and the older ones that btcjson reads.
type mempoolEntry struct {
	Size            int         `json:"size"`
	Vsize           int         `json:"vsize"`
	Weight          int         `json:"weight"`
	Fee             amount      `json:"fee"`
	Time            int64       `json:"time"`
	Height          int32       `json:"height"`
	DescendantCount int         `json:"descendantcount"`
	DescendantSize  int         `json:"descendantsize"`
	AncestorCount   int         `json:"ancestorcount"`
	AncestorSize    int         `json:"ancestorsize"`
	Wtxid           string      `json:"wtxid"`
	Fees            mempoolFees `json:"fees"`
	Depends         []string    `json:"depends"`
	SpentBy         []string    `json:"spentby"`
	Replaceable     bool        `json:"bip125-replaceable"`
	Unbroadcast     bool        `json:"unbroadcast"`
}

type mempoolFees struct {
	Base       amount `json:"base"`
	Modified   amount `json:"modified"`
	Ancestor   amount `json:"ancestor"`
	Descendant amount `json:"descendant"`
}

// family is the mempool as a graph.
type family struct {
	members map[chainhash.Hash]*member
	order   []chainhash.Hash // as the mempool gave them
}

type member struct {
	Pending
	weight            int
	size              int
	parents, children []chainhash.Hash
}

func newFamily(all []Pending) family {
	f := family{members: make(map[chainhash.Hash]*member, len(all))}
	for _, p := range all {
		msg := p.Tx.MsgTx()
		size := msg.SerializeSize()
		f.members[*p.Tx.Hash()] = &member{Pending: p, size: size, weight: weight(msg.SerializeSizeStripped(), size)}
		f.order = append(f.order, *p.Tx.Hash())
	}
	for _, hash := range f.order {
		m := f.members[hash]
		for _, in := range m.Tx.MsgTx().TxIn {
			parent, ok := f.members[in.PreviousOutPoint.Hash]
			if !ok || slices.Contains(m.parents, in.PreviousOutPoint.Hash) {
				continue
			}
			m.parents = append(m.parents, in.PreviousOutPoint.Hash)
			parent.children = append(parent.children, hash)
		}
	}
	return f
}

// sum adds up a member and all that is reached from it, by parents or children.
func (f family) sum(from chainhash.Hash, relatives func(*member) []chainhash.Hash) (count, size int, fee btcutil.Amount) {
	for _, hash := range f.reach(from, relatives) {
		m := f.members[hash]
		count++
		size += virtual(m.weight)
		fee += m.Fee
	}
	return count, size, fee
}

// maxReplaceable is the highest sequence number that signals replacement. Source: BIP 125.
const maxReplaceable = 0xfffffffd

func (f family) entry(hash chainhash.Hash) mempoolEntry {
	m := f.members[hash]
	e := mempoolEntry{
		Size: m.size, Vsize: virtual(m.weight), Weight: m.weight, Fee: amount(m.Fee),
		Time: unix(m.Added), Height: m.Height,
		Wtxid: m.Tx.WitnessHash().String(), Depends: hashStrings(m.parents), SpentBy: hashStrings(m.children),
	}
	var above, below btcutil.Amount
	e.AncestorCount, e.AncestorSize, above = f.sum(hash, func(m *member) []chainhash.Hash { return m.parents })
	e.DescendantCount, e.DescendantSize, below = f.sum(hash, func(m *member) []chainhash.Hash { return m.children })
	e.Fees = mempoolFees{Base: amount(m.Fee), Modified: amount(m.Fee), Ancestor: amount(above), Descendant: amount(below)}
	for _, in := range m.Tx.MsgTx().TxIn {
		e.Replaceable = e.Replaceable || in.Sequence <= maxReplaceable
	}
	return e
}

func hashStrings(hashes []chainhash.Hash) []string {
	all := make([]string, 0, len(hashes))
	for _, h := range hashes {
		all = append(all, h.String())
	}
	return all
}

func (d *dispatcher) getRawMempool(_ context.Context, a arguments) (any, error) {
	verbose, err := a.flag(0, false)
	if err != nil {
		return nil, err
	}
	sequence, err := a.flag(1, false)
	if err != nil {
		return nil, err
	}
	if sequence {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "mempool_sequence: a sequence number is not kept")
	}
	all := d.Mempool.Pending()
	if !verbose {
		ids := make([]string, 0, len(all))
		for _, p := range all {
			ids = append(ids, p.Tx.Hash().String())
		}
		return ids, nil
	}
	f := newFamily(all)
	entries := make(map[string]mempoolEntry, len(all))
	for _, hash := range f.order {
		entries[hash.String()] = f.entry(hash)
	}
	return entries, nil
}

func (d *dispatcher) getMempoolEntry(_ context.Context, a arguments) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	f := newFamily(d.Mempool.Pending())
	if _, ok := f.members[txid]; !ok {
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Transaction not in mempool")
	}
	return f.entry(txid), nil
}

func (d *dispatcher) saveMempool(ctx context.Context, _ arguments) (any, error) {
	where, err := d.Control.SaveMempool(ctx)
	if err != nil {
		d.log.Error("cannot write the mempool", "err", err)
		return nil, refuse(btcjson.ErrRPCMisc, "Unable to dump mempool to disk: see the node's log")
	}
	return map[string]string{"filename": where}, nil
}

// mempoolInfoResult is bitcoind's getmempoolinfo as far as it is known here.
type mempoolInfoResult struct {
	Loaded           bool   `json:"loaded"`
	Size             int    `json:"size"`
	Bytes            int    `json:"bytes"`
	Usage            int64  `json:"usage"`
	TotalFee         amount `json:"total_fee"`
	MaxMempool       int64  `json:"maxmempool"`
	MempoolMinFee    amount `json:"mempoolminfee"`
	MinRelayTxFee    amount `json:"minrelaytxfee"`
	IncrementalFee   amount `json:"incrementalrelayfee"`
	UnbroadcastCount int    `json:"unbroadcastcount"`
	FullRBF          bool   `json:"fullrbf"`
}

func (d *dispatcher) getMempoolInfo(context.Context, arguments) (any, error) {
	l := d.Mempool.Limits()
	r := mempoolInfoResult{
		Loaded: true, Usage: l.Memory, MaxMempool: l.MaxMemory,
		MempoolMinFee: amount(l.MinFee), MinRelayTxFee: amount(l.MinRelayFee), IncrementalFee: amount(l.Incremental),
	}
	for _, p := range d.Mempool.Pending() {
		msg := p.Tx.MsgTx()
		r.Size++
		r.Bytes += virtual(weight(msg.SerializeSizeStripped(), msg.SerializeSize()))
		r.TotalFee += amount(p.Fee)
	}
	return r, nil
}
