package study

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed scenarios/*.toml
var library embed.FS

// ErrUnknown says that there is no such scenario.
var ErrUnknown = errors.New("no such scenario")

// Ready returns the names of the scenarios that come with the program, sorted.
func Ready() []string {
	entries, err := library.ReadDir("scenarios")
	if err != nil {
		panic(fmt.Sprintf("scenarios are part of the program: %v", err))
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	slices.Sort(names)
	return names
}

// Load reads a scenario: a ready one by its name, or a file by its path.
func Load(name string, short bool) (*Scenario, error) {
	if text, err := library.ReadFile("scenarios/" + name + ".toml"); err == nil {
		return Decode(name, string(text), short)
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is neither a file nor one of the ready ones, which `pappus sim list` shows", ErrUnknown, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	s, err := Decode(name, string(text), short)
	if err != nil {
		return nil, err
	}
	s.dir = filepath.Dir(name)
	return s, nil
}
