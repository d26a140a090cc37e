package node_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/store"
)

// origins returns where the peers of the links are from that have come up so far.
func origins(sub *node.Subscription) map[peer.ID]string {
	all := make(map[peer.ID]string)
	for len(sub.C) > 0 {
		if up, ok := (<-sub.C).(events.PeerUp); ok {
			all[up.Peer] = up.Origin.String()
		}
	}
	return all
}

// Each link that comes up tells which source has filled its slot: a seed, another peer's word,
// the operator's, the peer itself, and after a restart the address book.
func TestLinksTellTheirSource(t *testing.T) {
	testnet.Run(t, 5, func(t *testing.T, chains []*chain.Chain) {
		hosts := testhost.New(t, len(chains), latency)
		var others []*testnet.Node
		for i, h := range hosts[1:] {
			others = append(others, testnet.NewQuietNode(t, h, chains[i+1], uint64(i+2))) // a small count
		}
		named, told, kept, came := others[0], others[1], others[2], others[3]
		var zone testnet.Zone
		zone.Name(named.Host())
		st := store.OpenMemory()
		run := func(seed uint64, adjust func(*node.Config)) (*testnet.Node, *node.Subscription) {
			n := testnet.NewNodeOf(t, node.Parts{Host: hosts[0], Chain: chains[0], Store: st, Names: &zone}, seed, func(cfg *node.Config) {
				cfg.Outbound, cfg.Rotate = 4, 0
				adjust(cfg)
			})
			return n, n.Bus().Subscribe()
		}
		n, sub := run(1, func(cfg *node.Config) {
			cfg.Seeds, cfg.AddNode = []string{testnet.SeedName}, []string{kept.Addrs()[0].String()}
		})
		time.Sleep(20 * time.Second)
		told.Connect(named)
		came.Connect(n)
		time.Sleep(time.Minute)
		want := map[*testnet.Node]string{named: "dns:" + testnet.SeedName, told: "peers", kept: "addnode", came: "inbound"}
		got := origins(sub)
		for other, from := range want {
			if got[other.Host().ID()] != from {
				t.Errorf("a link is said to be from %q, want %q", got[other.Host().ID()], from)
			}
		}
		n.Stop()
		for _, other := range others {
			_ = hosts[0].Network().ClosePeer(other.Host().ID())
		}
		_, sub = run(2, func(*node.Config) {})
		time.Sleep(time.Minute)
		got = origins(sub)
		if len(got) == 0 {
			t.Error("no link after a restart")
		}
		for p, from := range got {
			if from != string(events.FromBook) {
				t.Errorf("after a restart a link to %v is from %q", p, from)
			}
		}
	})
}
