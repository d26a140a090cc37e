package devnet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api/dashboard"
)

// healing is how many links each node opens across the gap when a network is whole again;
// its own discovery does the rest.
const healing = 2

// link opens so many links from a member to others that run and are not linked with it:
// what seeds do in a network that has some.
func (d *Devnet) link(ctx context.Context, m alive, links int) {
	linked, err := m.Linked(ctx)
	if err != nil {
		return // it has ended
	}
	others := slices.DeleteFunc(d.up(), func(o alive) bool {
		return o.member == m.member || d.parted(m.name, o.name) || linked[o.Addr().ID]
	})
	d.connect(ctx, m, d.some(others, links))
}

// some draws members.
func (d *Devnet) some(of []alive, count int) []alive {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rng.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	return of[:min(count, len(of))]
}

// connect opens links. One that fails is missed by nobody: the node's own discovery opens
// others.
func (d *Devnet) connect(ctx context.Context, from alive, to []alive) {
	for _, o := range to {
		if err := from.Dial(ctx, o.Addr()); err != nil && ctx.Err() == nil {
			d.log.DebugContext(ctx, "no link", "node", from.name, "to", o.name, "err", err)
		}
	}
}

// weave links a network that is new, so that each node has as many links that it has opened
// itself as there can be: a node that was only dialled has nobody to hand a stem to.
func (d *Devnet) weave(ctx context.Context) {
	up := d.up()
	d.mu.Lock()
	graph := weave(len(up), d.cfg.outbound(), d.rng)
	d.mu.Unlock()
	var dials sync.WaitGroup
	for i, to := range graph {
		dials.Go(func() {
			for _, j := range to {
				d.connect(ctx, up[i], up[j:j+1])
			}
		})
	}
	dials.Wait()
}

// weave draws whom each of n nodes dials: in rounds, in each of which every node dials one
// that it is not linked with, of those that the fewest have dialled.
func weave(n, links int, rng *rand.Rand) [][]int {
	graph := make([][]int, n)
	linked := make([]map[int]bool, n)
	inbound := make([]int, n)
	for i := range linked {
		linked[i] = map[int]bool{i: true}
	}
	for range links {
		for _, i := range rng.Perm(n) {
			best := -1
			for _, j := range rng.Perm(n) {
				if !linked[i][j] && (best < 0 || inbound[j] < inbound[best]) {
					best = j
				}
			}
			if best < 0 {
				continue
			}
			linked[i][best], linked[best][i] = true, true
			inbound[best]++
			graph[i] = append(graph[i], best)
		}
	}
	return graph
}

// parted says whether two members may not be linked.
func (d *Devnet) parted(a, b string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.groups != nil && d.groups[a] != d.groups[b]
}

// apart has a node refuse peers of other groups, and nobody else.
func (d *Devnet) apart(ctx context.Context, a alive) error {
	d.mu.Lock()
	others := make(map[peer.ID]bool)
	for p, name := range d.names {
		if d.groups != nil && d.groups[a.name] != d.groups[name] {
			others[p] = true
		}
	}
	d.mu.Unlock()
	if err := a.Refuse(ctx, others); err != nil {
		return fmt.Errorf("part %s from others: %w", a.name, err)
	}
	return nil
}

// apartAll does so with all nodes. One that ends meanwhile is no loss.
func (d *Devnet) apartAll(ctx context.Context) {
	var cuts sync.WaitGroup
	for _, a := range d.up() {
		cuts.Go(func() {
			if err := d.apart(ctx, a); err != nil {
				d.log.DebugContext(ctx, "not parted", "err", err)
			}
		})
	}
	cuts.Wait()
}

// admit puts a node that has just started where it belongs in a network that is parted,
// or lifts what is left of a gap. A new one is of the first group.
func (d *Devnet) admit(ctx context.Context, a alive) error {
	d.mu.Lock()
	parted := d.groups != nil
	d.mu.Unlock()
	if parted {
		d.apartAll(ctx) // the others have to know it
	}
	return d.apart(ctx, a)
}

// part cuts all links between groups of nodes, and has them refused. Nodes that no group
// names form one of their own. Without groups the network falls in halves.
func (d *Devnet) part(ctx context.Context, groups [][]string) ([][]string, error) {
	if len(groups) == 0 {
		groups = halves(d.all())
	}
	of := make(map[string]int)
	for i, g := range groups {
		for _, name := range g {
			if _, err := d.find(name); err != nil {
				return nil, err
			}
			if _, twice := of[name]; twice {
				return nil, dashboard.BadRequest("%s is named twice: a node is in one group", name)
			}
			of[name] = i
		}
	}
	var rest []string
	for _, m := range d.all() {
		if _, named := of[m.name]; !named {
			of[m.name] = len(groups)
			rest = append(rest, m.name)
		}
	}
	if len(rest) > 0 {
		groups = append(groups, rest)
	}
	if len(groups) < 2 {
		return nil, dashboard.BadRequest("one group is the whole network: name some of the nodes")
	}
	d.mu.Lock()
	d.groups = of
	d.mu.Unlock()
	d.apartAll(ctx) // ends links as well
	for i := range groups {
		d.gather(ctx, slices.DeleteFunc(d.up(), func(a alive) bool { return of[a.name] != i }))
	}
	d.feed.Publish("partitioned", parting{stamp(""), groups})
	return groups, nil
}

// gather links the members of a group that has fallen apart into islands: each further
// island opens a link to the first.
func (d *Devnet) gather(ctx context.Context, group []alive) {
	var island []alive // the first, as it grows
	for len(group) > 0 {
		if len(island) > 0 {
			d.connect(ctx, group[0], d.some(slices.Clone(island), 1))
		}
		island = append(island, group[0])
		group = group[1:]
		for i := 0; i < len(island); i++ {
			peers, err := island[i].Linked(ctx)
			if err != nil {
				continue // it has ended
			}
			linked := func(o alive) bool { return peers[o.Addr().ID] }
			island = append(island, slices.DeleteFunc(slices.Clone(group), func(o alive) bool { return !linked(o) })...)
			group = slices.DeleteFunc(group, linked)
		}
	}
}

// halves splits members in two groups, turn by turn.
func halves(members []*member) [][]string {
	groups := make([][]string, 2)
	for i, m := range members {
		groups[i%2] = append(groups[i%2], m.name)
	}
	return groups
}

// heal lets everybody in again and opens links across the gap.
func (d *Devnet) heal(ctx context.Context) error {
	d.mu.Lock()
	was := d.groups
	d.groups = nil
	d.mu.Unlock()
	if was == nil {
		return dashboard.Conflict("the network is whole: there is nothing to heal")
	}
	d.apartAll(ctx)
	var dials sync.WaitGroup
	for _, a := range d.up() {
		dials.Go(func() { d.bridge(ctx, a, was) })
	}
	dials.Wait()
	d.feed.Publish("healed", stamp(""))
	return nil
}

// bridge opens links from a member to some that were in other groups.
func (d *Devnet) bridge(ctx context.Context, a alive, was map[string]int) {
	far := slices.DeleteFunc(d.up(), func(o alive) bool { return was[o.name] == was[a.name] })
	d.connect(ctx, a, d.some(far, healing))
}
