package devnet

import (
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func block(t *testing.T, nonce uint32, txs ...*wire.MsgTx) *btcutil.Block {
	t.Helper()
	b := wire.NewMsgBlock(&wire.BlockHeader{Nonce: nonce})
	for _, x := range txs {
		if err := b.AddTransaction(x); err != nil {
			t.Fatal(err)
		}
	}
	return btcutil.NewBlock(b)
}

func TestPurseFollowsBlocks(t *testing.T) {
	params := &chaincfg.RegressionNetParams
	p := newPurse(params)
	k, err := newKey("a", params)
	if err != nil {
		t.Fatal(err)
	}
	p.own("a", k)
	reward := tx(1)
	reward.AddTxOut(wire.NewTxOut(50_000, k.script))
	first := block(t, 1, reward)
	p.read(first, 10)
	p.read(first, 10) // another node tells of it as well
	if _, ok := p.take("a", 108, 1); ok {
		t.Error("a reward was handed out before it may be spent in the next block")
	}
	c, ok := p.take("a", 109, 1)
	if !ok || c.value != 50_000 {
		t.Fatalf("the reward is %+v", c)
	}
	if _, ok := p.take("a", 109, 1); ok {
		t.Error("it was handed out twice")
	}
	p.back(c)
	if _, ok := p.take("b", 109, 1); ok {
		t.Error("another has it")
	}
	if _, ok := p.take("a", 109, 50_001); ok {
		t.Error("it is worth less")
	}
	spend := payment(c, 20_000, [][]byte{k.script}, k.script)
	if err := k.sign(spend); err != nil {
		t.Fatal(err)
	}
	p.read(block(t, 2, tx(2), spend), 111)
	if n := p.count("a", 200); n != 2 {
		t.Errorf("%d coins after a payment to oneself with change, want 2", n)
	}
	if got := spend.TxOut[1].Value; got != 50_000-20_000-fee {
		t.Errorf("change of %d", got)
	}
	// The signature holds where a node looks at it.
	vm, err := txscript.NewEngine(k.script, spend, 0, txscript.StandardVerifyFlags, nil, nil, c.value, nil)
	if err == nil {
		err = vm.Execute()
	}
	if err != nil {
		t.Errorf("the signature is not valid: %v", err)
	}
}
