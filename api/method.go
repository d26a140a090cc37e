package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcjson"
)

// method is one row of the table of everything that can be called.
type method struct {
	name    string
	group   string
	args    []argument
	summary string // one paragraph: what it does, and where it differs from bitcoind
	heavy   bool   // holds a block or the whole mempool in memory
	handle  func(ctx context.Context, a arguments) (any, error)
}

// argument is one parameter, by position and by name.
type argument struct {
	name     string
	alias    string // an older name of bitcoind's or btcd's, "" = none
	optional bool
}

// usage is the method as one types it; optional arguments are in parentheses.
func (m *method) usage() string {
	var text strings.Builder
	text.WriteString(m.name)
	for _, a := range m.args {
		if a.optional {
			text.WriteString(" ( " + a.name + " )")
		} else {
			text.WriteString(" " + a.name)
		}
	}
	return text.String()
}

// help is what `help METHOD` answers.
func (m *method) help() string { return m.usage() + "\n\n" + m.summary + "\n" }

// bind brings the parameters into the order of the method's arguments.
func (m *method) bind(params json.RawMessage) (arguments, *btcjson.RPCError) {
	a := arguments{method: m, values: make([]json.RawMessage, len(m.args))}
	var err *btcjson.RPCError
	switch kindOf(params) {
	case "array":
		err = a.bindPositions(params)
	case "object":
		err = a.bindNames(params)
	}
	if err != nil {
		return a, err
	}
	for i, arg := range m.args {
		if !arg.optional && !a.given(i) {
			return a, a.wrongCount()
		}
	}
	return a, nil
}

func (a arguments) bindPositions(params json.RawMessage) *btcjson.RPCError {
	var values []json.RawMessage
	if err := json.Unmarshal(params, &values); err != nil {
		return refuseRequest("Params must be an array or object")
	}
	if len(values) > len(a.values) {
		return a.wrongCount()
	}
	copy(a.values, values)
	return nil
}

// bindNames takes named arguments, and bitcoin-cli's "args": positional ones
// that come before them.
func (a arguments) bindNames(params json.RawMessage) *btcjson.RPCError {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(params, &named); err != nil {
		return refuseRequest("Params must be an array or object")
	}
	if first, ok := named["args"]; ok && kindOf(first) == "array" {
		if err := a.bindPositions(first); err != nil {
			return err
		}
		delete(named, "args")
	}
	// In order, so that the same call gets the same error each time.
	names := make([]string, 0, len(named))
	for name := range named {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := a.method.index(name)
		if i < 0 {
			return refuse(btcjson.ErrRPCInvalidParameter, "Unknown named parameter %s", name)
		}
		if a.values[i] != nil {
			return refuse(btcjson.ErrRPCInvalidParameter, "Parameter %s specified twice", name)
		}
		a.values[i] = named[name]
	}
	return nil
}

func (m *method) index(name string) int {
	return slices.IndexFunc(m.args, func(a argument) bool { return a.name == name || a.alias != "" && a.alias == name })
}

// wrongCount answers with the usage, as bitcoind does.
func (a arguments) wrongCount() *btcjson.RPCError {
	return refuse(btcjson.ErrRPCMisc, "%s", a.method.help())
}
