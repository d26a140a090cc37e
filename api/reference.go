package api

import "log/slog"

// Method is what the documentation says of one method.
type Method struct {
	Name, Group, Usage, Summary string
}

// Reference lists all methods, group by group as help does.
func Reference() []Method {
	d := newDispatcher(Backend{}, nil, slog.New(slog.DiscardHandler)) // the table asks nobody
	all := make([]Method, 0, len(d.table))
	for _, m := range d.table {
		all = append(all, Method{Name: m.name, Group: m.group, Usage: m.usage(), Summary: m.summary})
	}
	return all
}

// Absent lists methods of bitcoind's and btcd's that are not here, and why.
func Absent() map[string]string { return unsupported() }
