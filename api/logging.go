package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/btcsuite/btcd/btcjson"
)

// Logs says how much is logged, and changes it.
type Logs interface {
	Level() slog.Level
	Set(level slog.Level)
}

func (d *dispatcher) loggingMethods() []method {
	return []method{
		{
			name: "debuglevel", handle: d.debugLevel,
			args: []argument{{name: "levelspec", optional: true}},
			summary: "Sets how much is logged from now on: debug, info, warn or error, and returns it; without levelspec, or with show, only returns it. " +
				"btcd's method; levels of single subsystems are not there.",
		},
		{
			name: "logging", handle: d.logging,
			args: []argument{{name: "include", optional: true}, {name: "exclude", optional: true}},
			summary: "Switches detailed logging on (include [\"all\"]) or off (exclude [\"all\"]) and says whether it is on. bitcoind's method; the only category is debug, " +
				"which all names as well. See debuglevel for less than info.",
		},
	}
}

func (d *dispatcher) debugLevel(_ context.Context, a arguments) (any, error) {
	if a.given(0) {
		text, err := a.text(0)
		if err != nil {
			return nil, err
		}
		if text != "show" {
			var level slog.Level
			if err := level.UnmarshalText([]byte(text)); err != nil {
				return nil, refuse(btcjson.ErrRPCInvalidParams.Code, "%s is not a level: debug, info, warn or error", clip(text))
			}
			d.setLevel(level)
		}
	}
	return strings.ToLower(d.Logs.Level().String()), nil
}

// setLevel is noted under the level that was, or it would not show.
func (d *dispatcher) setLevel(level slog.Level) {
	was := d.Logs.Level()
	if level == was {
		return
	}
	if level < was {
		d.Logs.Set(level)
	}
	d.log.Info("log level set by the api", "level", level)
	d.Logs.Set(level)
}

func (d *dispatcher) logging(_ context.Context, a arguments) (any, error) {
	include, err := a.categories(0)
	if err != nil {
		return nil, err
	}
	exclude, err := a.categories(1)
	if err != nil {
		return nil, err
	}
	switch { // what is excluded counts, as with bitcoind
	case exclude && d.Logs.Level() < slog.LevelInfo:
		d.setLevel(slog.LevelInfo)
	case include && !exclude && d.Logs.Level() > slog.LevelDebug:
		d.setLevel(slog.LevelDebug)
	}
	return map[string]bool{"debug": d.Logs.Level() <= slog.LevelDebug}, nil
}

// categories says whether an array names the one category.
func (a arguments) categories(i int) (bool, error) {
	if !a.given(i) {
		return false, nil
	}
	var names []string
	if kindOf(a.values[i]) != "array" || json.Unmarshal(a.values[i], &names) != nil {
		return false, a.wrongType(i, "array")
	}
	for _, name := range names {
		if name != "all" && name != "1" && name != "debug" {
			return false, refuse(btcjson.ErrRPCInvalidParameter, "unknown logging category %s: there is debug alone, or all", clip(name))
		}
	}
	return len(names) > 0, nil
}
