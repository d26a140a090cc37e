package chain

import (
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// knownNetworks are those that a block file may turn out to be of.
func knownNetworks() []*chaincfg.Params {
	return []*chaincfg.Params{
		&chaincfg.MainNetParams, &chaincfg.TestNet3Params, &chaincfg.TestNet4Params,
		&chaincfg.SigNetParams, &chaincfg.RegressionNetParams, &chaincfg.SimNetParams,
	}
}

// knownNetwork says whether the start string is of some network.
func knownNetwork(net wire.BitcoinNet) bool {
	for _, p := range knownNetworks() {
		if p.Net == net {
			return true
		}
	}
	return false
}

// netName names a network for people; an unknown start string is shown as it is.
func netName(net wire.BitcoinNet) string {
	for _, p := range knownNetworks() {
		if p.Net == net {
			return p.Name
		}
	}
	return net.String()
}
