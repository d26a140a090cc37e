package node

import (
	"context"
	"fmt"
	"time"

	"github.com/pappus-network/pappus/api/dashboard"
)

// heardOf is how many nodes that it is not linked with a node shows in its picture.
const heardOf = 50

// view is the network as this node sees it: itself, its peers, and some that it has
// heard of.
type view struct {
	node    *Node
	started time.Time
}

// Info implements dashboard.View.
func (v view) Info() dashboard.Info {
	id := v.node.host.ID().String()
	return dashboard.Info{
		Kind: "node", Network: v.node.params.Name, Version: Version(), Agent: Agent, Started: v.started.UnixMilli(),
		Nodes: []dashboard.Name{{Name: id, ID: id}},
	}
}

// Version is the program's, as numbers.
func Version() string {
	return fmt.Sprintf("%d.%d.%d", version/10_000, version/100%100, version%100)
}

// Node implements dashboard.View.
func (v view) Node(name string) (dashboard.Node, bool) {
	return v.node.face, name == "" || name == v.node.host.ID().String()
}

// Network implements dashboard.View.
func (v view) Network(ctx context.Context) (dashboard.Network, error) {
	self := v.node.face.dot()
	net := dashboard.Network{Nodes: []dashboard.Dot{self}, Links: []dashboard.Edge{}}
	peers, err := v.node.face.Peers(ctx)
	if err != nil {
		return net, err
	}
	stems := v.node.face.stems()
	shown := map[string]bool{self.ID: true}
	for _, p := range peers {
		shown[p.ID] = true
		net.Nodes = append(net.Nodes, dashboard.Dot{
			Name: p.ID, ID: p.ID, State: dashboard.Up, Height: p.Height, Headers: p.Height, Progress: progress(p.Height, self.Headers),
		})
		link := dashboard.Edge{From: self.ID, To: p.ID, Kind: p.Kind, Since: p.Since}
		if p.Inbound {
			link.From, link.To = p.ID, self.ID
		} else {
			link.Stem = stems[p.ID]
		}
		net.Links = append(net.Links, link)
	}
	others, err := v.node.face.Addresses(ctx, heardOf+len(peers))
	if err != nil {
		return net, err
	}
	for _, a := range others.Sample {
		if !shown[a.ID] && len(net.Nodes) <= len(peers)+heardOf {
			net.Nodes = append(net.Nodes, dashboard.Dot{Name: a.ID, ID: a.ID, State: dashboard.Seen})
		}
	}
	return net, nil
}

// tell publishes events until ctx ends. Who reads them may be anybody on this machine.
func (n *Node) tell(ctx context.Context, sub *Subscription, feed *dashboard.Feed) error {
	defer sub.Close()
	t := dashboard.Teller{Traced: n.cfg.TraceStems}
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-sub.C:
			t.Tell(feed, time.Now(), e)
		}
	}
}
