package node

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// mustConnect returns the peers that the operator named.
func mustConnect(cfg Config) ([]peer.AddrInfo, error) {
	connect, err := parsePeers("connect", cfg.Connect)
	if err != nil {
		return nil, err
	}
	added, err := parsePeers("addnode", cfg.AddNode)
	if err != nil {
		return nil, err
	}
	return append(connect, added...), nil
}

// parsePeers reads multiaddrs that must end in /p2p/<peer id>.
func parsePeers(setting string, addrs []string) ([]peer.AddrInfo, error) {
	var all []multiaddr.Multiaddr
	for _, s := range addrs {
		a, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("%s %q is not a multiaddr (%w): write it like /ip4/192.0.2.1/tcp/8477/p2p/12D3Koo…", setting, s, err)
		}
		if _, err := peer.AddrInfoFromP2pAddr(a); err != nil {
			return nil, fmt.Errorf("%s %q lacks the peer's id: add /p2p/<peer id>, as the peer's own `addrs` file shows it", setting, s)
		}
		all = append(all, a)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(all...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return infos, nil
}
