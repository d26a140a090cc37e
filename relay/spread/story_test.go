package spread

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

var begin = time.Unix(1_700_000_000, 0)

// numbered returns a hash that sorts as its number does.
func numbered(n int) chainhash.Hash { return chainhash.Hash{byte(n >> 16), byte(n >> 8), byte(n)} }

func number(tx chainhash.Hash) int { return int(tx[0])<<16 | int(tx[1])<<8 | int(tx[2]) }

// said writes batches as "a 1 2, b 1".
func said(batches []Batch) string {
	words := make([]string, 0, len(batches))
	for _, b := range batches {
		w := string(b.To)
		for _, tx := range b.Txs {
			w += " " + strconv.Itoa(number(tx))
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

// step is an event at a time in milliseconds, and what is announced right after
// it. Events are
//
//	join PEER | join PEER inbound | leave PEER
//	add TX | add TX but PEER… | knows PEER TX
//	told PEER TX | untold PEER TX     asserts
//	dropped N                         asserts
type step struct {
	at    int
	event string
	want  string
}

func play(t *testing.T, s *Schedule, steps []step) {
	t.Helper()
	for i, st := range steps {
		now := begin.Add(time.Duration(st.at) * time.Millisecond)
		w := strings.Fields(st.event)
		if len(w) > 0 {
			do(t, s, now, w)
		}
		early := s.Next().IsZero() || s.Next().After(now)
		got := said(s.Tick(now))
		if got != st.want {
			t.Fatalf("step %d, %d ms, %q: announces %q, want %q", i, st.at, st.event, got, st.want)
		}
		if early && got != "" {
			t.Fatalf("step %d: Next was after %d ms, yet %q was due", i, st.at, got)
		}
	}
}

func do(t *testing.T, s *Schedule, now time.Time, w []string) {
	t.Helper()
	tx := func(word string) chainhash.Hash {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		return numbered(n)
	}
	switch w[0] {
	case "join":
		s.Join(now, peer.ID(w[1]), len(w) > 2)
	case "leave":
		s.Leave(peer.ID(w[1]))
	case "add":
		var except []peer.ID
		for _, p := range w[min(3, len(w)):] {
			except = append(except, peer.ID(p))
		}
		s.Add(now, tx(w[1]), except...)
	case "knows":
		s.Knows(peer.ID(w[1]), tx(w[2]))
	case "told", "untold":
		if got := s.Told(peer.ID(w[1]), tx(w[2])); got != (w[0] == "told") {
			t.Errorf("%d ms, %v: Told is %v", now.Sub(begin).Milliseconds(), w, got)
		}
	case "dropped":
		if got := fmt.Sprint(s.Dropped()); got != w[1] {
			t.Errorf("%s dropped, want %s", got, w[1])
		}
	default:
		t.Fatalf("unknown event %q", w[0])
	}
}

func TestFloodingStories(t *testing.T) {
	for name, steps := range map[string][]step{
		"everybody after exactly 200 ms": {
			{0, "join b", ""},
			{0, "join a inbound", ""},
			{10, "add 7", ""},
			{209, "", ""},
			{210, "", "a 7, b 7"},
			{211, "", ""},
		},
		"each transaction has its own delay": {
			{0, "join a", ""},
			{0, "add 2", ""},
			{50, "add 1", ""},
			{200, "", "a 2"},
			{249, "", ""},
			{250, "", "a 1"},
		},
		"a late tick announces in the order of the hashes": {
			{0, "join a", ""},
			{0, "add 3", ""},
			{1, "add 1", ""},
			{2, "add 2", ""},
			{500, "", "a 1 2 3"},
		},
		"who delivered it is not told": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "add 1 but a x", ""},
			{200, "", "b 1"},
		},
		"who announces it while it waits is not told": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "add 1", ""},
			{100, "knows b 1", ""},
			{200, "", "a 1"},
		},
		"who has announced it before it was added is not told": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "knows b 1", ""},
			{0, "knows b 2", ""},
			{100, "add 1 but a", ""},
			{300, "", ""},
			{300, "add 3", ""},
			{500, "", "a 3, b 3"},
		},
		"a peer that joins hears what comes after": {
			{0, "join a", ""},
			{0, "add 1", ""},
			{10, "join b", ""},
			{20, "add 2", ""},
			{300, "untold b 1", "a 1 2, b 2"},
			{300, "told b 2", ""},
		},
		"a peer that leaves is told nothing, and knows nothing when it is back": {
			{0, "join a", ""},
			{0, "add 1", ""},
			{100, "leave a", ""},
			{200, "untold a 1", ""},
			{200, "join a", ""},
			{200, "join a", ""},
			{200, "add 2", ""},
			{400, "untold a 1", "a 2"},
			{400, "told a 2", ""},
		},
		"told when announced, not before": {
			{0, "join a", ""},
			{0, "untold a 1", ""},
			{0, "add 1", ""},
			{199, "untold a 1", ""},
			{200, "", "a 1"},
			{200, "told a 1", ""},
			{200, "untold b 1", ""},
		},
		"who claims to know it is served no earlier": {
			{0, "join spy", ""},
			{0, "knows spy 1", ""},
			{10, "add 1", ""},
			{10, "untold spy 1", ""},
			{209, "untold spy 1", ""},
			{210, "", ""},
			{210, "told spy 1", ""},
		},
		"added again is announced once": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "add 1", ""},
			{100, "add 1 but b", ""},
			{200, "", "a 1"},
			{300, "add 1", ""},
			{600, "", ""},
		},
		"after five minutes and no turn missed it is forgotten": {
			{0, "join a", ""},
			{0, "add 1", ""},
			{200, "", "a 1"},
			{299_999, "add 2", ""},
			{299_999, "told a 1", ""},
			{300_000, "add 3", ""},
			{300_000, "untold a 1", ""},
			{300_000, "add 1", ""},
			{300_200, "", "a 1 2 3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, New(Flooding(), rand.NewPCG(1, 1), begin), steps)
		})
	}
}

func TestFullQueueDropsTheOldest(t *testing.T) {
	cfg := Flooding()
	cfg.MaxQueue, cfg.MaxBatch = 3, 2
	play(t, New(cfg, rand.NewPCG(1, 1), begin), []step{
		{0, "join a", ""},
		{0, "join b", ""},
		{0, "knows b 9", ""},
		{0, "add 9", ""},
		{1, "add 5", ""},
		{2, "add 4", ""},
		{2, "dropped 0", ""},
		{3, "add 3", ""},
		{3, "dropped 1", ""}, // b knew 9
		{4, "add 2", ""},
		{4, "dropped 3", ""},
		{201, "", ""}, // 5 would have been due
		{202, "", "a 4, b 4"},
		{204, "", "a 2 3, b 2 3"},
		{204, "told a 9", ""}, // its turn was when it was dropped
		{205, "add 8", ""},
		{205, "add 7", ""},
		{205, "add 6", ""},
		{405, "", "a 6 7, a 8, b 6 7, b 8"},
	})
}

// A queue that nobody empties is forgotten by age only when its turn has come.
func TestWhatWaitsIsNotForgotten(t *testing.T) {
	cfg := Flooding()
	cfg.Delay = time.Hour
	play(t, New(cfg, rand.NewPCG(1, 1), begin), []step{
		{0, "join a", ""},
		{0, "add 1", ""},
		{3_599_999, "add 2", ""},
		{3_600_000, "", "a 1"},
		{7_199_999, "", "a 2"},
	})
}
