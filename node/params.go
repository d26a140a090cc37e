package node

import (
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

// chainOf pairs a network's parameters with the port its nodes listen on.
// The ports keep the distances of Bitcoin's own (8333, 18333, …) from ours.
type chainOf struct {
	params *chaincfg.Params
	port   int
}

// networks lists what --network takes.
func networks() []chainOf {
	return []chainOf{
		{&chaincfg.MainNetParams, 8477},
		{&chaincfg.TestNet4Params, 48477},
		{&chaincfg.SigNetParams, 38477},
		{&chaincfg.RegressionNetParams, 18477},
		{&chaincfg.SimNetParams, 18577},
	}
}

// Params returns the chain parameters of a network by its name.
func Params(network string) (*chaincfg.Params, error) {
	var names []string
	for _, n := range networks() {
		if n.params.Name == network {
			return n.params, nil
		}
		names = append(names, n.params.Name)
	}
	return nil, fmt.Errorf("network %q is unknown: choose one of %s", network, strings.Join(names, ", "))
}

// DefaultListen returns the addresses that a node listens on when it was given
// none: TCP and QUIC on every interface. The IPv6 ones are dropped quietly
// where the machine has no IPv6.
func DefaultListen(network string) []string {
	for _, n := range networks() {
		if n.params.Name == network {
			return []string{
				fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", n.port),
				fmt.Sprintf("/ip4/0.0.0.0/udp/%d/quic-v1", n.port),
				fmt.Sprintf("/ip6/::/tcp/%d", n.port),
				fmt.Sprintf("/ip6/::/udp/%d/quic-v1", n.port),
			}
		}
	}
	return nil
}

// canMine says whether a CPU finds blocks at once on the network.
func canMine(params *chaincfg.Params) bool {
	return params.Net == chaincfg.RegressionNetParams.Net || params.Net == chaincfg.SimNetParams.Net
}

// payScript returns the output script that a mined block pays to: the given
// address, or an output that anybody can spend when there is none.
func payScript(to string, params *chaincfg.Params) ([]byte, error) {
	if to == "" {
		return []byte{txscript.OP_TRUE}, nil
	}
	addr, err := address.DecodeAddress(to, params)
	if err != nil {
		return nil, fmt.Errorf("mine-to %q is not an address (%w)", to, err)
	}
	if !addr.IsForNet(params) {
		return nil, fmt.Errorf("mine-to %q is an address of another network than %s", to, params.Name)
	}
	script, err := txscript.PayToAddrScript(addr)
	if err != nil {
		return nil, fmt.Errorf("mine-to %q: %w", to, err)
	}
	return script, nil
}
