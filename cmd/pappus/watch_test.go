package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestWatchWritesLinesToNoTerminal(t *testing.T) {
	r := start(t)
	if got := r.on(t, "rpc", "generate", "2"); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	got := r.on(t, "watch", "--every", "1ms", "--looks", "3")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != exitDone || len(lines) != 3 || strings.Contains(got.out, "\x1b") {
		t.Fatalf("%+v", got)
	}
	for _, want := range []string{"alone on a private network", "block 2 of 2", "0 peers", "0 transactions wait"} {
		if !strings.Contains(lines[2], want) {
			t.Errorf("%q is missing in %s", want, lines[2])
		}
	}
	if at, _, _ := strings.Cut(lines[0], " "); !isTime(at) {
		t.Errorf("a line begins with %q", at)
	}
	var one look
	if err := json.Unmarshal([]byte(r.on(t, "watch", "--looks", "1", "--json").out), &one); err != nil || one.Health.Chain.Blocks != 2 {
		t.Errorf("%+v, %v", one, err)
	}
	r.stop()
	if got := r.on(t, "watch"); got.code != exitFailed || !strings.Contains(got.err, "not running") {
		t.Errorf("%+v", got)
	}
}

func isTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

func TestWatchOnAScreen(t *testing.T) {
	before := look{At: time.Unix(1700000000, 0)}
	now := look{At: time.Unix(1700000010, 0)}
	now.Totals.Received, now.Totals.Sent = 20_000, 10_000
	now.Peers = []peerInfo{{Addr: "quiet", Since: 1700000000}, {Addr: "busy", Rcvd: 5e6, Since: 1700000000}}
	for _, c := range []struct {
		colour, healthy bool
		want            string
	}{{true, true, "\x1b[32mfine\x1b[0m"}, {true, false, "\x1b[31mfine\x1b[0m"}, {false, true, "· fine ·"}} {
		var text bytes.Buffer
		now.Health.State, now.Health.Healthy = "fine", c.healthy
		if err := (terminal{out: &text, colour: c.colour}).page(before, now); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), c.want) || !strings.Contains(text.String(), "in 2 kB/s · out 1 kB/s") {
			t.Errorf("page %q", text.String())
		}
		if strings.Index(text.String(), "busy") > strings.Index(text.String(), "quiet") {
			t.Error("the busiest peer is not first")
		}
	}
}

// NO_COLOR and dumb terminals are heard; what is no terminal is never coloured.
func TestColours(t *testing.T) {
	for _, c := range []struct {
		env  environment
		want bool
	}{
		{nil, true},
		{environment{"NO_COLOR=1"}, false},
		{environment{"NO_COLOR="}, true},
		{environment{"TERM=dumb"}, false},
		{environment{"TERM=xterm"}, true},
	} {
		if got := c.env.wantsColour(); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
		if mayColour(&bytes.Buffer{}, c.env) {
			t.Errorf("%v: a buffer is coloured", c.env)
		}
	}
}

func TestMoreOfChainAndMempool(t *testing.T) {
	r := start(t)
	if got := r.on(t, "rpc", "generate", "3"); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	tip := strings.TrimSpace(r.on(t, "rpc", "getbestblockhash").out)
	for _, words := range [][]string{{"chain", "block"}, {"chain", "block", "3"}, {"chain", "block", tip}} {
		if got := r.on(t, words...); got.code != exitDone || !strings.Contains(got.out, tip) || !strings.Contains(got.out, "fees           0 sat") {
			t.Errorf("%v: %+v", words, got)
		}
	}
	if got := r.on(t, "chain", "block", "4"); got.code != exitFailed || !strings.Contains(got.err, "out of range") {
		t.Errorf("%+v", got)
	}
	if got := r.on(t, "chain", "tips"); !strings.Contains(got.out, "active  "+tip) {
		t.Errorf("%+v", got)
	}
	if got := r.on(t, "mempool", "save"); got.code != exitDone || !strings.Contains(got.out, r.dir) {
		t.Errorf("%+v", got)
	}
	if got := r.on(t, "mempool", "show", tip); got.code != exitFailed || !strings.Contains(got.err, "not in mempool") {
		t.Errorf("%+v", got)
	}
	if got := r.on(t, "log", "level"); got.out != "info\n" {
		t.Errorf("%+v", got)
	}
	if got := r.on(t, "log", "level", "debug"); got.out != "debug\n" {
		t.Errorf("%+v", got)
	}
	r.await(t, "calls are logged", func() bool { return strings.Contains(r.log.String(), "level=DEBUG msg=call method=debuglevel") })
	if got := r.on(t, "log", "level", "loud"); got.code != exitFailed || !strings.Contains(got.err, "debug, info, warn or error") {
		t.Errorf("%+v", got)
	}
}
