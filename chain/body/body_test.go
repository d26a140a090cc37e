package body_test

import (
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/body"
	"github.com/pappus-network/pappus/internal/chaingen"
)

// A block passes as its author made it, and in no way that a relay can change its
// body under the same header.
func TestCheck(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	b.Extend(int(chaingen.ActiveFrom(&chaincfg.SimNetParams)))
	good := b.NextBlock(b.Spend(4)...)
	if err := body.Check(good); err != nil {
		t.Fatalf("a good block: %v", err)
	}
	for _, m := range chaingen.Mutations() {
		bad, err := chaingen.Mutate(good, m)
		if err != nil {
			t.Fatal(err)
		}
		if *bad.Hash() != *good.Hash() {
			t.Fatalf("%v: the header is another", m)
		}
		if err := body.Check(bad); err == nil {
			t.Errorf("%v passes", m)
		}
	}
	header := good.MsgBlock().Header
	if err := body.Check(btcutil.NewBlock(wire.NewMsgBlock(&header))); err == nil {
		t.Error("a header without transactions passes")
	}
}
