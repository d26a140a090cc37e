package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
)

const (
	// templateAge is how long a template on the same tip is handed out again. Source:
	// bitcoind's getblocktemplate.
	templateAge = 5 * time.Second
	// longPoll is how long a long poll waits for a new tip before it looks for new
	// transactions. Source: bitcoind's getblocktemplate.
	longPoll = time.Minute
)

// Templates makes blocks that somebody mines. Its calls wait for a block under validation.
type Templates interface {
	// Template returns a block on the tip with the best of the mempool in it.
	Template() (chain.Template, error)
	// Propose says which rule a block without proof of work breaks on the tip, nil = none.
	Propose(block *btcutil.Block) error
	// MineTxs finds a block on the tip with these transactions and no others; it is not
	// accepted yet. Called on regtest and simnet only.
	MineTxs(ctx context.Context, payTo []byte, txs []*btcutil.Tx) (*btcutil.Block, error)
	// NextBits is the target of a block on the tip.
	NextBits() (uint32, error)
}

func (d *dispatcher) templateMethod() method {
	return method{
		name: "getblocktemplate", handle: d.getBlockTemplate,
		args: []argument{{name: "template_request", alias: "request", optional: true}},
		summary: "Returns what a miner needs for a block on the tip (BIPs 22, 23, 145); the request must list the rule segwit. With mode=proposal it says what is wrong " +
			"with the block in data, null if nothing. With longpollid it answers once the tip is another, or after a minute.",
	}
}

// templateRequest is BIP 22's.
type templateRequest struct {
	Mode       string   `json:"mode"`
	Rules      []string `json:"rules"`
	LongPollID string   `json:"longpollid"`
	Data       string   `json:"data"`
}

// templates keeps the last template. It is safe for concurrent use.
type templates struct {
	mu   sync.Mutex
	made time.Time
	last chain.Template
}

// get returns a template on the tip, a young one if there is.
func (t *templates) get(now time.Time, tip chainhash.Hash, from Templates) (chain.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last.Block != nil && t.last.Block.Header.PrevBlock == tip && now.Sub(t.made) < templateAge {
		return t.last, nil
	}
	made, err := from.Template()
	if err == nil {
		t.last, t.made = made, now
	}
	return made, err
}

func (d *dispatcher) getBlockTemplate(ctx context.Context, a arguments) (any, error) {
	var q templateRequest
	if a.given(0) {
		if kindOf(a.values[0]) != "object" || json.Unmarshal(a.values[0], &q) != nil {
			return nil, a.wrongType(0, "object")
		}
	}
	switch q.Mode {
	case "", "template":
	case "proposal":
		return d.propose(q.Data)
	default:
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid mode")
	}
	if !slices.Contains(q.Rules, "segwit") {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, `getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})`)
	}
	if net := d.Params.Net; net != chaincfg.RegressionNetParams.Net && net != chaincfg.SimNetParams.Net {
		if len(d.Peers.Connected()) == 0 {
			return nil, refuse(btcjson.ErrRPCClientNotConnected, "Pappus is not connected!")
		}
		if d.Sync.Progress().Syncing {
			return nil, refuse(btcjson.ErrRPCClientInInitialDownload, "Pappus is in initial sync and waiting for blocks...")
		}
	}
	if q.LongPollID != "" {
		if err := d.longPoll(ctx, q.LongPollID); err != nil {
			return nil, err
		}
	}
	t, err := d.templates.get(time.Now(), d.Chain.Tip().Hash, d.Templates)
	if err != nil {
		return nil, err
	}
	return describeTemplate(t, time.Now())
}

// longPoll waits for another tip than that of the id.
func (d *dispatcher) longPoll(ctx context.Context, id string) error {
	if len(id) < 2*chainhash.HashSize {
		return refuse(btcjson.ErrRPCInvalidParameter, "longpollid is not one that getblocktemplate gave")
	}
	was, err := chainhash.NewHashFromStr(id[:2*chainhash.HashSize])
	if err != nil {
		return refuse(btcjson.ErrRPCInvalidParameter, "longpollid is not one that getblocktemplate gave")
	}
	ctx, cancel := context.WithTimeout(ctx, longPoll)
	defer cancel()
	_, err = d.awaitTip(ctx, otherThan(*was))
	return err
}

// propose checks a block that somebody else has made.
func (d *dispatcher) propose(data string) (any, error) {
	if data == "" {
		return nil, refuse(btcjson.ErrRPCType, "Missing data String key for proposal")
	}
	raw, err := hex.DecodeString(data)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCDeserialization, "Block decode failed")
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil || block.MsgBlock().SerializeSize() != len(raw) {
		return nil, refuse(btcjson.ErrRPCDeserialization, "Block decode failed")
	}
	switch {
	case d.Chain.Headers().Invalid(*block.Hash()):
		return "duplicate-invalid", nil
	case d.Chain.HaveBlock(*block.Hash()):
		return "duplicate", nil
	case block.MsgBlock().Header.PrevBlock != d.Chain.Tip().Hash:
		return "inconclusive-not-best-prevblk", nil
	}
	if err := d.Templates.Propose(block); err != nil {
		return verdictOf(err), nil
	}
	return nil, nil //nolint:nilnil // null means good
}

// templateResult has bitcoind's keys.
type templateResult struct {
	Capabilities  []string       `json:"capabilities"`
	Version       int32          `json:"version"`
	Rules         []string       `json:"rules"`
	VBAvailable   map[string]int `json:"vbavailable"`
	VBRequired    int            `json:"vbrequired"`
	PreviousHash  string         `json:"previousblockhash"`
	Transactions  []templateTx   `json:"transactions"`
	CoinbaseAux   struct{}       `json:"coinbaseaux"`
	CoinbaseValue int64          `json:"coinbasevalue"`
	LongPollID    string         `json:"longpollid"`
	Target        string         `json:"target"`
	MinTime       int64          `json:"mintime"`
	Mutable       []string       `json:"mutable"`
	NonceRange    string         `json:"noncerange"`
	SigOpLimit    int            `json:"sigoplimit"`
	SizeLimit     int            `json:"sizelimit"`
	WeightLimit   int            `json:"weightlimit"`
	CurTime       int64          `json:"curtime"`
	Bits          string         `json:"bits"`
	Height        int32          `json:"height"`
	Commitment    string         `json:"default_witness_commitment,omitempty"`
}

type templateTx struct {
	Data    string `json:"data"`
	Txid    string `json:"txid"`
	Hash    string `json:"hash"`
	Depends []int  `json:"depends"`
	Fee     int64  `json:"fee"`
	SigOps  int64  `json:"sigops"`
	Weight  int    `json:"weight"`
}

func describeTemplate(t chain.Template, now time.Time) (templateResult, error) {
	h := t.Block.Header
	r := templateResult{
		Capabilities: []string{"proposal"}, Version: h.Version, Rules: []string{"csv"}, VBAvailable: map[string]int{},
		PreviousHash: h.PrevBlock.String(), Transactions: make([]templateTx, 0, len(t.Block.Transactions)-1),
		CoinbaseValue: t.Block.Transactions[0].TxOut[0].Value, LongPollID: fmt.Sprintf("%s%d", h.PrevBlock, len(t.Block.Transactions)),
		Target: target(h.Bits), MinTime: t.MinTime.Unix(), Mutable: []string{"time", "transactions", "prevblock"}, NonceRange: "00000000ffffffff",
		SigOpLimit: blockchain.MaxBlockSigOpsCost, SizeLimit: wire.MaxBlockPayload, WeightLimit: blockchain.MaxBlockWeight,
		CurTime: max(now.Unix(), t.MinTime.Unix()), Bits: hex32(h.Bits), Height: t.Height,
	}
	if t.Segwit {
		r.Rules = append(r.Rules, "!segwit", "taproot")
		r.Commitment = commitment(t.Block)
	}
	place := make(map[chainhash.Hash]int)
	for i, msg := range t.Block.Transactions {
		if i == 0 {
			continue
		}
		tx := btcutil.NewTx(msg)
		raw, err := txBytes(tx)
		if err != nil {
			return r, err
		}
		depends := []int{}
		for _, in := range msg.TxIn {
			if n, ok := place[in.PreviousOutPoint.Hash]; ok && !slices.Contains(depends, n) {
				depends = append(depends, n)
			}
		}
		place[*tx.Hash()] = i
		r.Transactions = append(r.Transactions, templateTx{
			Data: hex.EncodeToString(raw), Txid: tx.Hash().String(), Hash: tx.WitnessHash().String(), Depends: depends,
			Fee: int64(t.Fees[i]), SigOps: t.SigOps[i], Weight: weight(msg.SerializeSizeStripped(), len(raw)),
		})
	}
	return r, nil
}

// commitment is the output script that commits to the witnesses of the block, whose
// coinbase is the miner's to make.
func commitment(block *wire.MsgBlock) string {
	coinbase := wire.NewMsgTx(createdVersion)
	coinbase.AddTxIn(&wire.TxIn{})
	all := []*btcutil.Tx{btcutil.NewTx(coinbase)}
	for _, msg := range block.Transactions[1:] {
		all = append(all, btcutil.NewTx(msg))
	}
	mining.AddWitnessCommitment(all[0], all)
	return hex.EncodeToString(coinbase.TxOut[0].PkScript)
}
