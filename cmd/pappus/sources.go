package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// configFile holds settings, one a flag's name, in the data directory.
const configFile = "pappus.toml"

// environment resolves flags from variables, each NAME=value as in [os.Environ].
type environment []string

// variable is the name under which the environment sets the flag.
func variable(flag string) string {
	return "PAPPUS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// value returns the flag's variable. One that is empty counts as absent, as a
// service file that sets FOO= means it.
func (e environment) value(flag string) (string, bool) {
	prefix := variable(flag) + "="
	for _, entry := range e {
		if v, found := strings.CutPrefix(entry, prefix); found && v != "" {
			return v, true
		}
	}
	return "", false
}

// variable returns any variable.
func (e environment) variable(name string) (string, bool) {
	for _, entry := range e {
		if v, found := strings.CutPrefix(entry, name+"="); found {
			return v, true
		}
	}
	return "", false
}

// Validate implements kong.Resolver.
func (e environment) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (e environment) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSetting(ctx.Model, flag.Name) {
		return nil, nil
	}
	v, ok := e.value(flag.Name)
	if !ok {
		return nil, nil
	}
	if err := try(flag, v); err != nil {
		return nil, &settingError{fmt.Errorf("%s=%s: %w", variable(flag.Name), v, err)}
	}
	return v, nil
}

// file resolves flags from the data directory's pappus.toml. It is read once the
// command line is, because that says where it lies.
type file struct {
	environment environment
	path        string         // empty: not read yet
	values      map[string]any // nil: there is none
}

// Validate implements kong.Resolver.
func (f *file) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (f *file) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "datadir" {
		return nil, nil
	}
	if err := f.read(ctx); err != nil {
		return nil, &settingError{err}
	}
	v, ok := f.values[flag.Name]
	if !ok || !isSetting(ctx.Model, flag.Name) {
		return nil, nil
	}
	if _, isNumber := v.(int64); isNumber {
		v = fmt.Sprint(v) // kong would take a bare number as nanoseconds
	}
	if err := try(flag, v); err != nil {
		return nil, &settingError{fmt.Errorf("%s: %s: %w", f.path, flag.Name, err)}
	}
	return v, nil
}

func (f *file) read(ctx *kong.Context) error {
	if f.path != "" {
		return nil
	}
	f.path = filepath.Join(f.dataDir(ctx), configFile)
	text, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // who opens the folder says so
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not read the settings in the data directory: change their owner or choose another data directory with --datadir: %w", err)
	case err != nil:
		return fmt.Errorf("read settings: %w", err)
	}
	meta, err := toml.Decode(string(text), &f.values)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	for _, key := range meta.Keys() {
		name := key.String()
		if name == "datadir" {
			return fmt.Errorf("%s:%d: datadir cannot be set here, in a file that lies in it", f.path, lineOf(string(text), name))
		}
		if !isSetting(ctx.Model, name) {
			return fmt.Errorf("%s:%d: unknown key %s%s", f.path, lineOf(string(text), name), name, suggest(name, settings(ctx.Model)))
		}
	}
	return nil
}

// lineOf is the number of the line, from 1, that completes the key and its value;
// 0 if none does. The decoder keeps no positions: it is given one line more at a
// time until it knows the key.
func lineOf(text, key string) int {
	read, number := "", 0
	for line := range strings.Lines(text) {
		read += line
		number++
		meta, err := toml.Decode(read, &map[string]any{})
		if err != nil {
			continue // within a value of several lines
		}
		if slices.ContainsFunc(meta.Keys(), func(k toml.Key) bool { return k.String() == key }) {
			return number
		}
	}
	return 0
}

// dataDir is where the flag, the environment or the default puts the data.
func (f *file) dataDir(ctx *kong.Context) string {
	for _, p := range ctx.Path {
		if p.Flag != nil && p.Flag.Name == "datadir" {
			return ctx.FlagValue(p.Flag).(string)
		}
	}
	if dir, ok := f.environment.value("datadir"); ok {
		return dir
	}
	for _, flag := range ctx.Model.Flags {
		if flag.Name == "datadir" {
			return flag.Default
		}
	}
	return ""
}

// try decodes v as the flag's value, so that an error can name its source.
func try(flag *kong.Flag, v any) error {
	scan := kong.Scan().PushTyped(v, kong.FlagValueToken)
	err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, reflect.New(flag.Target.Type()).Elem())
	if err != nil {
		return fmt.Errorf("wrong value: %w", err)
	}
	return nil
}

// fileExists tells a folder or file that is there from one that is not; what
// cannot be read is left to whoever opens it.
func fileExists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
