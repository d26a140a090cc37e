package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/btcsuite/btcd/btcjson"
)

// dispatcher finds the method of a call and runs it. Its methods, one file a
// group, are the handlers.
type dispatcher struct {
	Backend
	started time.Time
	log     *slog.Logger
	metrics *metrics
	table   []*method // in the order of help
	byName  map[string]*method
	heavy   chan struct{}
	queued  chan struct{} // places for calls that wait for a turn to be heavy
	gate    *gate

	awaiting  chan struct{} // places for calls that wait for blocks
	templates templates
	active    active
	counts    counts
	verdict   verdict
	absent    map[string]string // methods of others' that are not here, and why
}

func newDispatcher(b Backend, m *metrics, log *slog.Logger) *dispatcher {
	d := &dispatcher{
		Backend: b,
		started: time.Now(),
		log:     log,
		metrics: m,
		byName:  make(map[string]*method),
		heavy:   make(chan struct{}, maxHeavy),
		queued:  make(chan struct{}, maxQueued),
		gate:    newGate(maxRunning, maxWaiting),

		awaiting: make(chan struct{}, maxAwaiting),
		counts:   newCounts(),
		absent:   unsupported(),
	}
	for _, group := range []struct {
		name    string
		methods []method
	}{
		{"Blockchain", slices.Concat(d.blockchainMethods(), d.blockMethods(), d.waitingMethods())},
		{"Control", slices.Concat(d.controlMethods(), d.loggingMethods())},
		{"Mempool", d.mempoolMethods()},
		{"Mining", slices.Concat(d.miningMethods(), d.hashRateMethods())},
		{"Network", slices.Concat(d.networkMethods(), d.wireMethods(), d.banMethods(), d.knownMethods(), d.limitMethods())},
		{"Own", d.ownMethods()},
		{"Rawtransactions", d.rawTransactionMethods()},
		{"Util", d.utilMethods()},
	} {
		slices.SortFunc(group.methods, func(a, b method) int { return cmp.Compare(a.name, b.name) })
		for _, m := range group.methods {
			m.group = group.name
			d.table = append(d.table, &m)
			d.byName[m.name] = &m
		}
	}
	return d
}

// call runs one call and encodes its result.
func (d *dispatcher) call(ctx context.Context, raw json.RawMessage) answer {
	q, refused := parseRequest(raw)
	if refused != nil {
		d.metrics.called("invalid", refused, 0)
		return newAnswer(q, nil, refused)
	}
	m, ok := d.byName[q.method]
	if !ok {
		err := refuse(btcjson.ErrRPCMethodNotFound.Code, "Method not found: %s. %s", clip(q.method), d.hint(q.method))
		d.metrics.called("unknown", err, 0)
		return newAnswer(q, nil, err)
	}
	since := time.Now()
	defer d.active.begin(m.name)()
	result, err := d.run(ctx, m, q.params)
	a := newAnswer(q, result, err)
	took := time.Since(since)
	d.metrics.called(m.name, a.err, took)
	// Never the parameters: they are the operator's transactions.
	d.log.Debug("call", "method", m.name, "took", took, "code", codeOf(a.err))
	return a
}

// run binds the parameters and calls the handler. A handler that panics costs
// its caller an error and nobody else anything.
func (d *dispatcher) run(ctx context.Context, m *method, params json.RawMessage) (result any, refused *btcjson.RPCError) {
	a, refused := m.bind(params)
	if refused != nil {
		return nil, refused
	}
	if m.heavy {
		if refused := d.takeHeavy(ctx); refused != nil {
			return nil, refused
		}
		since := time.Now()
		defer func() { d.giveHeavy(time.Since(since)) }()
	}
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("method panicked", "method", m.name, "panic", p, "stack", string(debug.Stack()))
			result, refused = nil, refuse(btcjson.ErrRPCInternal.Code, "internal error in %s: see the node's log", m.name)
		}
	}()
	result, err := m.handle(ctx, a)
	return result, asRPCError(err)
}

// takeHeavy waits for a turn among the heavy calls.
func (d *dispatcher) takeHeavy(ctx context.Context) *btcjson.RPCError {
	select {
	case d.heavy <- struct{}{}:
		return nil
	default:
	}
	select {
	case d.queued <- struct{}{}:
		defer func() { <-d.queued }()
	default:
		return refuse(btcjson.ErrRPCMisc, "%d calls that hold a block or the mempool wait already: try again later", maxQueued)
	}
	if err := d.gate.aside(func() error {
		select {
		case d.heavy <- struct{}{}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}); err != nil {
		return refuse(btcjson.ErrRPCMisc, "the call was given up")
	}
	return nil
}

// giveHeavy gives the turn to the next, at once or, while blocks come in, after a rest.
func (d *dispatcher) giveHeavy(took time.Duration) {
	rest := time.Duration(0)
	if p := d.Sync.Progress(); p.Syncing && p.Peers > 0 {
		rest = min(restShare*took, restMost)
	}
	if rest == 0 {
		<-d.heavy
		return
	}
	time.AfterFunc(rest, func() { <-d.heavy })
}

// asRPCError keeps the code of an error that has one; others are "miscellaneous".
func asRPCError(err error) *btcjson.RPCError {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*btcjson.RPCError](err); ok {
		return refused
	}
	return refuse(btcjson.ErrRPCMisc, "%v", err)
}

func codeOf(err *btcjson.RPCError) int {
	if err == nil {
		return 0
	}
	return int(err.Code)
}

// maxTypo is how many characters a name may be off to be taken for a typing error.
const maxTypo = 3

// hint says why a method of others' is not here, or names the one that was probably meant.
func (d *dispatcher) hint(name string) string {
	const list = "`help` lists all methods"
	if why, ok := d.absent[name]; ok {
		return why
	}
	// Distances cost the product of the lengths; no name of ours is that long.
	if len(name) > 40 {
		return list
	}
	best, least := "", maxTypo+1
	for _, m := range d.table {
		if n := distance(strings.ToLower(name), m.name); n < least {
			best, least = m.name, n
		}
	}
	if best == "" {
		return list
	}
	return fmt.Sprintf("Did you mean %s? %s", best, list)
}

// distance is Levenshtein's: the least number of letters to change, add or drop.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
