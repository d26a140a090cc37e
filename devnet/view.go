package devnet

import (
	"context"

	"github.com/libp2p/go-libp2p/core/peer"

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

// Network implements dashboard.View. Each link is told by the end that dialled it.
func (v view) Network(ctx context.Context) (dashboard.Network, error) {
	d := v.net
	n := dashboard.Network{Nodes: []dashboard.Dot{}, Links: []dashboard.Edge{}}
	for _, m := range d.all() {
		live, up := m.live()
		dot := dashboard.Dot{ID: m.peer().String(), State: dashboard.Down}
		if up {
			dot = live.Face().Dot()
		}
		dot.Name, dot.Spy, dot.Group = m.name, d.trace.isSpy(m), d.group(m.name)
		n.Nodes = append(n.Nodes, dot)
		if !up {
			continue
		}
		links, err := d.links(ctx, m, live)
		if err != nil {
			return n, err
		}
		n.Links = append(n.Links, links...)
	}
	return n, nil
}

// links returns those that a member has dialled.
func (d *Devnet) links(ctx context.Context, m *member, live *node.Node) ([]dashboard.Edge, error) {
	peers, err := live.Face().Peers(ctx)
	if err != nil {
		return nil, err
	}
	to, _ := live.Face().Stems()
	stems := make(map[string]bool)
	for _, p := range to {
		stems[p.String()] = true
	}
	var all []dashboard.Edge
	for _, p := range peers {
		if p.Inbound {
			continue
		}
		all = append(all, dashboard.Edge{
			From: m.name, To: d.nameOf(p.ID), InboundKnown: true, Kind: p.Kind, Since: p.Since, Stem: stems[p.ID],
		})
	}
	return all, nil
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
func (s seat) face() (*node.Face, error) {
	n, ok := s.live()
	if !ok {
		return nil, dashboard.Conflict("%s does not run: restart it", s.name)
	}
	return n.Face(), nil
}

// State implements dashboard.Public.
func (s seat) State(ctx context.Context) (dashboard.State, error) {
	f, err := s.face()
	if err != nil {
		return dashboard.State{Name: s.name, ID: s.peer().String(), State: dashboard.Down}, nil //nolint:nilerr // that is its state
	}
	state, err := f.State(ctx)
	state.Name = s.name
	_, state.Mempool.StemCount = f.Stems()
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
