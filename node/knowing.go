package node

import (
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api"
)

// Known implements api.Known.
func (b backend) Known(after peer.ID, most int) []api.KnownPeer {
	entries := b.node.finder.Entries(after, most)
	all := make([]api.KnownPeer, len(entries))
	for i, e := range entries {
		all[i] = api.KnownPeer{
			ID: e.Peer, Addrs: e.Addrs, Record: e.Record, Services: e.Services, Seen: e.Seen, Tried: e.Tried, Usable: e.Usable,
		}
	}
	return all
}

// Count implements api.Known.
func (b backend) Count() api.KnownCount {
	fresh, tried := b.node.finder.Kinds()
	return api.KnownCount{NewIPv4: fresh[0], TriedIPv4: tried[0], NewIPv6: fresh[1], TriedIPv6: tried[1]}
}

// Learn implements api.Known.
func (b backend) Learn(p api.KnownPeer) (bool, error) {
	return b.node.finder.Learn(p.ID, p.Addrs, p.Record, p.Services, p.Seen)
}
