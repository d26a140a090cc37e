package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Route is one thing that can be asked or done.
type Route struct {
	Method  string // GET or POST
	Path    string // below /api/v1/
	Private bool   // for whoever holds the password; a POST always is
	Count   Count  // of how many things are answered, if they can be counted
	Handle  func(ctx context.Context, q Query) (any, error)
}

// Count bounds how many things are asked for at once; both 0 = they are not counted.
type Count struct{ Default, Most int }

// Query is what a request says.
type Query struct {
	Name  string // of a node; empty = the only one
	Count int    // within the route's bounds
	Body  []byte // of a POST, a JSON object
}

// Decode reads the body of a POST. Keys that nobody knows are refused: one that is
// misspelt must not do another thing than was meant.
func (q Query) Decode(into any) error {
	if len(q.Body) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(q.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return BadRequest("the body is not what this action takes: %v", err)
	}
	return nil
}

// query reads the parameters of a request.
func (r Route) query(values url.Values) (Query, error) {
	q := Query{Name: values.Get("name"), Count: r.Count.Default}
	text := values.Get("count")
	if text == "" {
		return q, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > r.Count.Most {
		if r.Count.Most == 0 {
			return q, BadRequest("%s takes no count", r.Path)
		}
		return q, BadRequest("count %.20q is not a number from 1 to %d", text, r.Count.Most)
	}
	q.Count = n
	return q, nil
}

// routes are those that every view has.
func routes(view View) []Route {
	of := func(f func(context.Context, Node, int) (any, error)) func(context.Context, Query) (any, error) {
		return func(ctx context.Context, q Query) (any, error) {
			n, ok := view.Node(q.Name)
			if !ok && q.Name == "" {
				return nil, BadRequest("there are several nodes: say which with name=")
			}
			if !ok {
				return nil, NotFound("there is no node %.80q: /api/v1/info lists them", q.Name)
			}
			return f(ctx, n, q.Count)
		}
	}
	return []Route{
		{Path: "network", Handle: func(ctx context.Context, _ Query) (any, error) { return view.Network(ctx) }},
		{Path: "node", Handle: of(func(ctx context.Context, n Node, _ int) (any, error) { return n.State(ctx) })},
		{Path: "peers", Handle: of(func(ctx context.Context, n Node, _ int) (any, error) { return list(n.Peers(ctx)) })},
		{Path: "blocks", Count: Count{20, 100}, Handle: of(func(ctx context.Context, n Node, most int) (any, error) { return list(n.Blocks(ctx, most)) })},
		{Path: "mempool", Count: Count{100, 1000}, Handle: of(func(ctx context.Context, n Node, most int) (any, error) { return n.Mempool(ctx, most) })},
		{Path: "addresses", Count: Count{50, 1000}, Handle: of(func(ctx context.Context, n Node, most int) (any, error) { return n.Addresses(ctx, most) })},
		{Path: "own", Private: true, Handle: of(func(ctx context.Context, n Node, _ int) (any, error) { return list(n.Own(ctx)) })},
		{Path: "logs", Private: true, Count: Count{200, 500}, Handle: of(func(ctx context.Context, n Node, most int) (any, error) { return list(n.Logs(ctx, most)) })},
	}
}

// list makes nothing an empty list: null is none.
func list[T any](all []T, err error) (any, error) {
	if all == nil {
		all = []T{}
	}
	return all, err
}

// method is GET unless the route says otherwise.
func (r Route) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}
