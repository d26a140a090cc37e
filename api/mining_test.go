package api

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func TestMining(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	const to = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
	hashes := get[[]string](t, s, "generatetoaddress", `[3,"`+to+`",1000000]`)
	if len(hashes) != 3 || hashes[2] != f.tip.Hash.String() || len(f.payTo) != 22 {
		t.Errorf("mined %v to %x", hashes, f.payTo)
	}
	if hashes := get[[]string](t, s, "generate", `[2]`); len(hashes) != 2 || f.payTo != nil {
		t.Errorf("mined %v", hashes)
	}
	if hashes := get[[]string](t, s, "generate", `[0]`); hashes == nil || len(hashes) != 0 {
		t.Errorf("mined %v", hashes)
	}
	other := prepare(t, newFake(&chaincfg.MainNetParams))
	if _, refused := call(t, other, "generate", `[1]`); refused == nil || !strings.Contains(refused.Message, "regtest and simnet only, not on mainnet") {
		t.Errorf("on the main network: %v", refused)
	}
}

func TestSubmitBlock(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(1)
	s := prepare(t, f)
	submit := func(b *btcutil.Block) any {
		t.Helper()
		return get[any](t, s, "submitblock", `["`+hex.EncodeToString(encode(b.MsgBlock()))+`",{"workid":"x"}]`)
	}
	good := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0)
	if got := submit(good); got != nil || f.tip.Hash != *good.Hash() {
		t.Errorf("good block: %v", got)
	}
	if got := submit(good); got != "duplicate" {
		t.Errorf("again: %v", got)
	}
	f.tree.Invalidate(*good.Hash())
	if got := submit(good); got != "duplicate-invalid" {
		t.Errorf("after invalidation: %v", got)
	}
	mutated := f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 1, spend(chainhash.Hash{1}, 1))
	mutated.MsgBlock().Transactions = mutated.MsgBlock().Transactions[:1]
	if got := submit(mutated); got != "bad-txnmrklroot" {
		t.Errorf("mutated: %v", got)
	}
	orphan := f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 2)
	orphan.MsgBlock().Header.PrevBlock = chainhash.Hash{9}
	if got := submit(btcutil.NewBlock(orphan.MsgBlock())); got != "prev-blk-not-found" {
		t.Errorf("orphan: %v", got)
	}
	f.refusal = fmt.Errorf("block: %w", blockchain.RuleError{ErrorCode: blockchain.ErrBadCoinbaseValue, Description: "too much"})
	if got := submit(f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 3)); got != "bad-cb-amount" {
		t.Errorf("rule: %v", got)
	}
	f.refusal = errors.New("the disk is nearly full")
	if got := submit(f.next(*f.params.GenesisHash, []byte{txscript.OP_TRUE}, 4)); got != "rejected: the disk is nearly full" {
		t.Errorf("other error: %v", got)
	}
}

func TestSubmitBlockOfFourMegabytes(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	large := spend(chainhash.Hash{1}, 1)
	large.TxIn[0].Witness = wire.TxWitness{make([]byte, wire.MaxBlockPayload-500)}
	b := f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, large)
	s := prepare(t, f)
	if got := get[any](t, s, "submitblock", `["`+hex.EncodeToString(encode(b.MsgBlock()))+`"]`); got != nil || f.tip.Height != 1 {
		t.Errorf("verdict %v", got)
	}
	if got := get[string](t, s, "getblock", `["`+b.Hash().String()+`",0]`); len(got) != 2*b.MsgBlock().SerializeSize() {
		t.Errorf("%d digits", len(got))
	}
}
