package node

import (
	"log/slog"
	"strings"
	"testing"
)

// What is below info may tell where a transaction comes from: nobody reads it from the API.
func TestTailKeepsNoSecrets(t *testing.T) {
	var written strings.Builder
	tail := newTail(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelWarn}))
	log := slog.New(tail).With("node", "n1")
	log.Debug("transaction stemmed", "peer", "x")
	for range 600 {
		log.Info("fills")
	}
	log.WithGroup("g").Warn("last", "k", 1)
	lines := tail.last(1000)
	last := lines[len(lines)-1]
	if len(lines) != 500 || last.Msg != "last" || last.Level != "WARN" || last.Attrs["node"] != "n1" || last.Attrs["g.k"] != "1" {
		t.Errorf("%d lines, the last is %+v", len(lines), last)
	}
	for _, l := range lines {
		if l.Level == "DEBUG" {
			t.Errorf("kept %+v", l)
		}
	}
	if got := written.String(); strings.Contains(got, "fills") || !strings.Contains(got, "last") {
		t.Errorf("written %q: the handler's own level does not hold", got)
	}
}
