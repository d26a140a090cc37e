package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/pappus-network/pappus/blocksync"
)

func TestMeterRewritesOneLineOnATerminal(t *testing.T) {
	var screen bytes.Buffer
	begin := time.Unix(0, 0)
	m := newMeter(&screen, begin)
	m.width = func() int { return 10 }
	m.show(begin.Add(redrawEvery/2), "too soon")
	m.show(begin.Add(redrawEvery), "one")
	if _, err := m.Write([]byte("log\n")); err != nil {
		t.Fatal(err)
	}
	m.show(begin.Add(2*redrawEvery), "longer than the screen")
	m.end()
	m.end()
	want := clearLine + "one" + clearLine + "log\none" + clearLine + "longer th" + clearLine
	if got := screen.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestMeterWritesNowAndThenElsewhere(t *testing.T) {
	var log bytes.Buffer
	begin := time.Unix(0, 0)
	m := newMeter(&log, begin)
	for s := range 25 {
		m.show(begin.Add(time.Duration(s)*time.Second), "at %d", s)
	}
	m.end()
	if got := log.String(); got != "at 10\nat 20\n" {
		t.Errorf("%q", got)
	}
}

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		name string
		p    blocksync.Progress
		want string
	}{
		{"alone", blocksync.Progress{BlockHeight: 3, HeaderHeight: 3, Syncing: true}, "block 3 · 0 peers"},
		{"in step", blocksync.Progress{BlockHeight: 3, HeaderHeight: 3, Peers: 1}, "block 3 · 1 peer"},
		{
			"behind",
			blocksync.Progress{BlockHeight: 250, HeaderHeight: 1000, Peers: 2, BytesPerSecond: 1_500_000, ETA: 3700 * time.Second, Syncing: true},
			"block 250 of 1000 (25.0 %) · 2 peers · 1.5 MB/s · ETA 1h 1m",
		},
		{"begun", blocksync.Progress{Peers: 1, Syncing: true}, "block 0 of 0 (0.0 %) · 1 peer · 0 B/s · ETA unknown"},
	} {
		if got := progressLine(c.p); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPace(t *testing.T) {
	begin := time.Unix(0, 0)
	p := pace{begin, 1000}
	if rate, eta := p.rate(begin.Add(10*time.Second), 100); rate != 10 || eta != "1m 30s" {
		t.Errorf("%v, %s", rate, eta)
	}
	if _, eta := p.rate(begin, 0); eta != "unknown" {
		t.Error(eta)
	}
	if rate, eta := (pace{begin, 0}).rate(begin.Add(time.Second), 5); rate != 5 || eta != "unknown" {
		t.Errorf("%v, %s", rate, eta)
	}
	if got := p.share(250); got != 25 {
		t.Error(got)
	}
}

func TestSizesAndSpans(t *testing.T) {
	for bytes, want := range map[float64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1_234_567: "1.23 MB", 9.996e8: "1 GB", 5e15: "5000 TB"} {
		if got := size(bytes); got != want {
			t.Errorf("%v: %s, want %s", bytes, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m 1s", 25 * time.Hour: "25h 0m", 50 * time.Hour: "2d 2h"} {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
