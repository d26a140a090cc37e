package devnet

import (
	"context"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/node"
)

// view shows the whole network to the dashboard.
type view struct{ net *Devnet }

// Info implements dashboard.View.
func (v view) Info() dashboard.Info {
	i := dashboard.Info{
		Kind: "devnet", Network: v.net.params.Name, Version: node.Version(), Agent: node.Agent, Started: v.net.begun.UnixMilli(),
		Nodes: []dashboard.Name{},
	}
	for _, m := range v.net.all() {
		i.Nodes = append(i.Nodes, dashboard.Name{Name: m.name, ID: m.peer().String()})
	}
	return i
}

// asking is how many nodes are asked at the same time: those in other processes answer
// while others are waited for.
const asking = 8

// Network implements dashboard.View. Each link is told by the end that dialled it.
func (v view) Network(ctx context.Context) (dashboard.Network, error) {
	d := v.net
	members := d.all()
	dots, links := make([]dashboard.Dot, len(members)), make([][]dashboard.Edge, len(members))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(asking)
	for i, m := range members {
		group.Go(func() error {
			dots[i], links[i] = d.picture(ctx, m)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return dashboard.Network{}, err
	}
	return dashboard.Network{Nodes: dots, Links: append([]dashboard.Edge{}, slices.Concat(links...)...)}, nil
}

// picture is a member and the links that it has dialled. One that does not answer has
// ended.
func (d *Devnet) picture(ctx context.Context, m *member) (dashboard.Dot, []dashboard.Edge) {
	dot, links := dashboard.Dot{ID: m.peer().String(), State: dashboard.Down}, []dashboard.Edge(nil)
	if a, up := m.live(); up {
		if shown, dialled, err := a.Picture(ctx); err == nil {
			dot, links = shown, dialled
		}
	}
	dot.Name, dot.Spy, dot.Group = m.name, d.trace.isSpy(m), d.group(m.name)
	for i := range links {
		links[i].From, links[i].To, links[i].InboundKnown = m.name, d.nameOf(links[i].To), true
	}
	return dot, links
}

// Node implements dashboard.View.
func (v view) Node(name string) (dashboard.Node, bool) {
	m, err := v.net.find(name)
	if err != nil {
		return nil, false
	}
	return seat{v.net, m}, true
}

// group is a member's in a network that is parted.
func (d *Devnet) group(name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.groups[name]
}

// nameOf is name for an id as text.
func (d *Devnet) nameOf(id string) string {
	p, err := peer.Decode(id)
	if err != nil {
		return id
	}
	return d.name(p)
}

// member returns who has a peer id, nil if it is none of ours.
func (d *Devnet) member(p peer.ID) *member {
	name := d.name(p)
	for _, m := range d.all() {
		if m.name == name {
			return m
		}
	}
	return nil
}

// seat shows a member, whether it runs or not.
type seat struct {
	net *Devnet
	*member
}

// face is the member's node as it shows itself.
func (s seat) face() (dashboard.Node, error) {
	a, ok := s.live()
	if !ok {
		return nil, dashboard.Conflict("%s does not run: restart it", s.name)
	}
	return a, nil
}

// State implements dashboard.Public.
func (s seat) State(ctx context.Context) (dashboard.State, error) {
	f, err := s.face()
	if err != nil {
		return dashboard.State{Name: s.name, ID: s.peer().String(), State: dashboard.Down}, nil //nolint:nilerr // that is its state
	}
	state, err := f.State(ctx)
	state.Name = s.name
	return state, err
}

// Peers implements dashboard.Public.
func (s seat) Peers(ctx context.Context) ([]dashboard.Peer, error) {
	f, err := s.face()
	if err != nil {
		return nil, err
	}
	peers, err := f.Peers(ctx)
	for i := range peers {
		peers[i].Name = s.net.nameOf(peers[i].ID)
	}
	return peers, err
}

// Blocks implements dashboard.Public.
func (s seat) Blocks(ctx context.Context, count int) ([]dashboard.Block, error) {
	f, err := s.face()
	if err != nil {
		return nil, err
	}
	return f.Blocks(ctx, count)
}

// Mempool implements dashboard.Public.
func (s seat) Mempool(ctx context.Context, count int) (dashboard.Mempool, error) {
	f, err := s.face()
	if err != nil {
		return dashboard.Mempool{}, err
	}
	return f.Mempool(ctx, count)
}

// Addresses implements dashboard.Public.
func (s seat) Addresses(ctx context.Context, count int) (dashboard.Addresses, error) {
	f, err := s.face()
	if err != nil {
		return dashboard.Addresses{}, err
	}
	return f.Addresses(ctx, count)
}

// Own implements dashboard.Private.
func (s seat) Own(ctx context.Context) ([]dashboard.Own, error) {
	f, err := s.face()
	if err != nil {
		return nil, err
	}
	return f.Own(ctx)
}

// Logs implements dashboard.Private.
func (s seat) Logs(ctx context.Context, count int) ([]dashboard.Line, error) {
	f, err := s.face()
	if err != nil {
		return nil, err
	}
	return f.Logs(ctx, count)
}

var _ dashboard.View = view{}
