package api

import (
	"context"
	"fmt"
	"strings"
	"time"
)

func (d *dispatcher) controlMethods() []method {
	return []method{
		{
			name: "help", handle: d.help,
			args:    []argument{{name: "command", optional: true}},
			summary: "Lists all methods by group, or explains one. Arguments in parentheses are optional; all may be given by name.",
		},
		d.readyMethod(),
		{
			name: "getrpcinfo", handle: d.getRPCInfo,
			summary: "Returns the calls that are being answered, this one included, and for how many microseconds. logpath is empty: the log goes to standard error.",
		},
		{
			name: "stop", handle: d.stop,
			summary: "Shuts the node down. The answer comes before that.",
		},
		{
			name: "uptime", handle: d.uptime,
			summary: "Returns how many seconds the node has been running.",
		},
	}
}

func (d *dispatcher) help(_ context.Context, a arguments) (any, error) {
	if a.given(0) {
		name, err := a.text(0)
		if err != nil {
			return nil, err
		}
		m, ok := d.byName[name]
		if !ok {
			return fmt.Sprintf("help: unknown command: %s. %s", clip(name), d.hint(name)), nil
		}
		return m.help(), nil
	}
	var text strings.Builder
	group := ""
	for _, m := range d.table {
		if m.group != group {
			if group != "" {
				text.WriteByte('\n')
			}
			group = m.group
			text.WriteString("== " + group + " ==\n")
		}
		text.WriteString(m.usage() + "\n")
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

func (d *dispatcher) stop(context.Context, arguments) (any, error) {
	d.log.Info("stop asked for by the api")
	d.Control.Stop()
	return "Pappus stopping", nil
}

func (d *dispatcher) uptime(context.Context, arguments) (any, error) {
	return int64(time.Since(d.started).Seconds()), nil
}
