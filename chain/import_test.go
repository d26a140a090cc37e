package chain

import (
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

func TestImportMainnet(t *testing.T) {
	c := openTest(t, &chaincfg.MainNetParams)
	f := mainFile(t)
	result, err := c.Import(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Blocks != mainHeight || result.Skipped != 1 || result.Stopped != nil {
		t.Errorf("first import: %+v", result)
	}
	if tip := c.Tip(); tip.Hash.String() != mainTip || tip.Height != mainHeight {
		t.Errorf("tip %v at %d", tip.Hash, tip.Height)
	}
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	result, err = c.Import(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Blocks != 0 || result.Skipped != mainHeight+1 {
		t.Errorf("second import: %+v", result)
	}
}

func TestMineRegtest(t *testing.T) {
	for _, p := range []*chaincfg.Params{&chaincfg.RegressionNetParams, &chaincfg.SimNetParams} {
		t.Run(p.Name, func(t *testing.T) {
			c := openTest(t, p)
			hashes, err := c.Mine(t.Context(), []byte{0x51}, 120)
			if err != nil {
				t.Fatal(err)
			}
			if tip := c.Tip(); tip.Height != 120 || tip.Hash != hashes[119] || tip.TotalTxs != 121 {
				t.Errorf("tip %+v", tip)
			}
		})
	}
}
