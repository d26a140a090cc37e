package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pappus-network/pappus/testground/verdict"
)

// report writes a verdict an instance and the figures, and says whether all succeeded.
func report(out io.Writer, o options, all []*instance, network string, took time.Duration) bool {
	fmt.Fprintln(out)
	good := 0
	figures := make(map[string][]float64)
	for _, i := range all {
		outcome, why := i.judge()
		if outcome == verdict.OK {
			good++
			fmt.Fprintf(out, "instance %d: %s\n", i.number, outcome)
		} else {
			fmt.Fprintf(out, "instance %d: %s: %s\n", i.number, outcome, why)
		}
		collect(filepath.Join(i.outputs, "results.out"), figures)
	}
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		v := figures[name]
		slices.Sort(v)
		fmt.Fprintf(out, "%-22s median %10.3f   least %10.3f   greatest %10.3f   of %d\n", name, v[len(v)/2], v[0], v[len(v)-1], len(v))
	}
	if network != "" {
		fmt.Fprintln(out, network)
	}
	fmt.Fprintf(out, "%s: %d of %d instances succeeded, %.1f s\n", o.testcase, good, o.instances, took.Seconds())
	return good == o.instances
}

// collect adds the points of a file of results. One that is missing or damaged has
// none: the verdict tells what went wrong.
func collect(path string, figures map[string][]float64) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // it is only read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var p struct {
			Type, Name string
			Measures   map[string]float64
		}
		if json.Unmarshal(lines.Bytes(), &p) == nil && p.Type == "point" {
			figures[p.Name] = append(figures[p.Name], p.Measures["value"])
		}
	}
}
