package devnet

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pappus-network/pappus/api/dashboard"
)

// named is the body of an action upon one node, or several.
type named struct {
	Name  string `json:"name"`
	From  string `json:"from"` // the same, where a node is the source
	Count int    `json:"count"`
}

// routes are what the network answers beside what every view does.
func (d *Devnet) routes() []dashboard.Route {
	return []dashboard.Route{
		{Path: "txs", Count: dashboard.Count{Default: keptTraces, Most: keptTraces}, Handle: func(_ context.Context, q dashboard.Query) (any, error) {
			return d.trace.last(q.Count), nil
		}},
		{Path: "spy", Handle: func(context.Context, dashboard.Query) (any, error) { return d.trace.verdict(), nil }},
		{Path: "ready", Handle: func(context.Context, dashboard.Query) (any, error) { return d.readiness(), nil }},
		action(d, "add", func(ctx context.Context, in named) (any, error) { return d.add(ctx, in.Count) }),
		action(d, "remove", func(_ context.Context, in named) (any, error) { return nil, d.remove(in.Name) }),
		action(d, "kill", func(_ context.Context, in named) (any, error) { return nil, d.kill(in.Name) }),
		action(d, "restart", func(ctx context.Context, in named) (any, error) { return nil, d.restart(ctx, in.Name) }),
		action(d, "partition", func(ctx context.Context, in cut) (any, error) {
			groups, err := d.part(ctx, in.Groups)
			return cut{groups}, err
		}),
		action(d, "heal", func(ctx context.Context, _ struct{}) (any, error) { return cut{[][]string{}}, d.heal(ctx) }),
		action(d, "spy", d.spy),
		plain("send", func(ctx context.Context, in named) (any, error) {
			sent, err := d.pay(ctx, in.From, cmp.Or(in.Count, 1))
			return txids{dashboard.Hashes(sent)}, err
		}),
		plain("mine", func(ctx context.Context, in named) (any, error) {
			found, err := d.mine(ctx, in.Name, cmp.Or(in.Count, 1))
			return hashes{dashboard.Hashes(found)}, err
		}),
	}
}

type (
	cut struct {
		Groups [][]string `json:"groups"`
	}
	names struct {
		Names []string `json:"names"`
	}
	txids struct {
		Txids []string `json:"txids"`
	}
	hashes struct {
		Hashes []string `json:"hashes"`
	}
	spies struct {
		On       bool    `json:"on"`
		Fraction float64 `json:"fraction"`
	}
	// readiness says whether the network has settled after its start.
	readiness struct {
		Ready bool  `json:"ready"`
		Took  int64 `json:"took_ms"` // 0 until then
	}
)

// plain is a POST that changes nothing of who is there.
func plain[In any](path string, do func(context.Context, In) (any, error)) dashboard.Route {
	return dashboard.Route{Method: http.MethodPost, Path: "devnet/" + path, Handle: func(ctx context.Context, q dashboard.Query) (any, error) {
		var in In
		if err := q.Decode(&in); err != nil {
			return nil, err
		}
		return do(ctx, in)
	}}
}

// action is a POST that takes its turn: two at once would see a network that changes.
func action[In any](d *Devnet, path string, do func(context.Context, In) (any, error)) dashboard.Route {
	return plain(path, func(ctx context.Context, in In) (any, error) {
		d.acting.Lock()
		defer d.acting.Unlock()
		return do(ctx, in)
	})
}

func (d *Devnet) readiness() readiness {
	select {
	case <-d.ready:
		return readiness{true, d.took.Milliseconds()}
	default:
		return readiness{}
	}
}

// add starts more nodes, and gives them coins.
func (d *Devnet) add(ctx context.Context, count int) (any, error) {
	count = cmp.Or(count, 1)
	if count < 1 {
		return nil, dashboard.BadRequest("%d nodes to add", count)
	}
	if len(d.all())+count > MaxNodes {
		return nil, dashboard.Conflict("%d nodes and %d more are above %d, which is the most", len(d.all()), count, MaxNodes)
	}
	var added []*member
	all := names{[]string{}}
	for range count {
		m, err := d.enlist()
		if err != nil {
			return nil, err
		}
		added = append(added, m)
		all.Names = append(all.Names, m.name)
	}
	// Said first: what the nodes do from their first moment comes after it.
	for _, m := range added {
		d.feed.Publish("node_added", memberEvent{stamp(m.name), m.peer().String()})
	}
	if err := d.orderAll(ctx, added, true); err != nil {
		return nil, err
	}
	if err := d.payIn(ctx, added); err != nil {
		d.log.WarnContext(ctx, "new nodes have no coins", "err", err)
	}
	return all, nil
}

// payIn has one of those that were there pay newcomers their first coins.
func (d *Devnet) payIn(ctx context.Context, newcomers []*member) error {
	for _, a := range d.some(d.up(), MaxNodes) {
		if at, err := a.Tip(ctx); err == nil && !at.behind && !slices.Contains(newcomers, a.member) {
			return d.payOut(ctx, a, newcomers)
		}
	}
	return errors.New("no other node is in step")
}

// remove ends a node and forgets it.
func (d *Devnet) remove(name string) error {
	m, err := d.find(name)
	if err != nil {
		return err
	}
	m.stop()
	d.mu.Lock()
	for i, o := range d.members {
		if o == m {
			d.members = append(d.members[:i:i], d.members[i+1:]...)
			break
		}
	}
	d.mu.Unlock()
	d.feed.Publish("node_removed", memberEvent{stamp(name), m.peer().String()})
	return m.erase()
}

// kill ends a node without a word to its peers.
func (d *Devnet) kill(name string) error {
	m, err := d.find(name)
	if err != nil {
		return err
	}
	if !m.kill() {
		return dashboard.Conflict("%s does not run", name)
	}
	d.feed.Publish("node_killed", memberEvent{stamp(name), m.peer().String()})
	return nil
}

// restart starts a node again that was killed, or has ended by itself.
func (d *Devnet) restart(ctx context.Context, name string) error {
	m, err := d.find(name)
	if err != nil {
		return err
	}
	if _, up := m.live(); up {
		return dashboard.Conflict("%s runs", name)
	}
	d.feed.Publish("node_restarted", memberEvent{stamp(name), m.peer().String()})
	return d.order(ctx, m, true)
}

// spy makes a share of the nodes spies, or no more.
func (d *Devnet) spy(_ context.Context, in spies) (any, error) {
	if in.On && in.Fraction == 0 {
		in.Fraction = usualFraction
	}
	if err := d.trace.set(in.On, in.Fraction, d.all()); err != nil {
		return nil, err
	}
	v := d.trace.verdict()
	d.feed.Publish("spy", spying{stamp(""), v.On, v.Spies, v.Fraction})
	return v, nil
}

// usualFraction of spies is the one that the published figures are about.
const usualFraction = 0.2
