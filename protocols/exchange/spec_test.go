package exchange

import (
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/protocol"
)

func TestIDNamesTheNetwork(t *testing.T) {
	for _, c := range []struct {
		params *chaincfg.Params
		want   protocol.ID
	}{
		{&chaincfg.MainNetParams, "/pappus/mainnet/headers/1"},
		{&chaincfg.TestNet4Params, "/pappus/testnet4/headers/1"},
		{&chaincfg.SigNetParams, "/pappus/signet/headers/1"},
		{&chaincfg.RegressionNetParams, "/pappus/regtest/headers/1"},
		{&chaincfg.SimNetParams, "/pappus/simnet/headers/1"},
	} {
		if got := ID(c.params, "headers"); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
