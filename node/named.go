package node

import (
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// named are the peers that the operator has named by flags.
type named struct{ connect, added []peer.AddrInfo }

func (n named) all() []peer.AddrInfo { return slices.Concat(n.connect, n.added) }

// namedBy returns the peers that a configuration names.
func namedBy(cfg Config) (n named, err error) {
	if n.connect, err = parsePeers("connect", cfg.Connect); err != nil {
		return named{}, err
	}
	if n.added, err = parsePeers("addnode", cfg.AddNode); err != nil {
		return named{}, err
	}
	return n, nil
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
