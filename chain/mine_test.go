package chain

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// anyone is an output script that anybody may spend.
var anyone = []byte{0x51}

func TestMine(t *testing.T) {
	for _, p := range []*chaincfg.Params{&chaincfg.RegressionNetParams, &chaincfg.SimNetParams} {
		t.Run(p.Name, func(t *testing.T) {
			c := openTest(t, p)
			hashes, err := c.Mine(t.Context(), anyone, 120)
			if err != nil {
				t.Fatal(err)
			}
			tip := c.Tip()
			if tip.Height != 120 || tip.Hash != hashes[119] || tip.TotalTxs != 121 {
				t.Errorf("tip %+v", tip)
			}
			if ahead := time.Until(tip.Time); ahead > time.Minute || ahead < -time.Minute {
				t.Errorf("after two minutes' worth of medians the tip is %v ahead", ahead)
			}
			if !c.Current(time.Now()) || c.Current(time.Now().Add(25*time.Hour)) {
				t.Error("current now, not tomorrow")
			}
		})
	}
}

func TestMineOnTwoNodesDiffers(t *testing.T) {
	a, b := openTest(t, &chaincfg.SimNetParams), openTest(t, &chaincfg.SimNetParams)
	first, err := a.Mine(t.Context(), anyone, 1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Mine(t.Context(), anyone, 1)
	if err != nil {
		t.Fatal(err)
	}
	if first[0] == second[0] {
		t.Error("two nodes found the same block")
	}
}

func TestMineStops(t *testing.T) {
	c := openTest(t, &chaincfg.SimNetParams)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Mine(ctx, anyone, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c = openTest(t, &chaincfg.MainNetParams)
	if _, err := c.Mine(t.Context(), anyone, 1); !errors.Is(err, ErrCannotMine) {
		t.Error(err)
	}
}
