package ask

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

var begin = time.Unix(1_700_000_000, 0)

func numbered(n int) chainhash.Hash { return chainhash.Hash{byte(n >> 16), byte(n >> 8), byte(n)} }

func number(tx chainhash.Hash) int { return int(tx[0])<<16 | int(tx[1])<<8 | int(tx[2]) }

// said writes requests as "a 1 2, b 1".
func said(requests []Request) string {
	words := make([]string, 0, len(requests))
	for _, r := range requests {
		w := string(r.Peer)
		for _, tx := range r.Txs {
			w += " " + strconv.Itoa(number(tx))
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

// step is an event at a time in milliseconds, and what is asked right after it.
// Events are
//
//	join PEER | join PEER inbound | leave PEER
//	PEER has TX…
//	PEER lacks TX     it answers so, or badly
//	known TX
//	len N             asserts
type step struct {
	at    int
	event string
	want  string
}

func play(t *testing.T, tr *Tracker, steps []step) {
	t.Helper()
	for i, st := range steps {
		now := begin.Add(time.Duration(st.at) * time.Millisecond)
		if w := strings.Fields(st.event); len(w) > 0 {
			do(t, tr, now, w)
		}
		early := tr.Next().IsZero() || tr.Next().After(now)
		got := said(tr.Tick(now))
		if got != st.want {
			t.Fatalf("step %d, %d ms, %q: asks %q, want %q", i, st.at, st.event, got, st.want)
		}
		if early && got != "" {
			t.Fatalf("step %d: Next was after %d ms, yet %q was due", i, st.at, got)
		}
		if next := tr.Next(); !next.IsZero() && !next.After(now) {
			t.Fatalf("step %d: something is due right after Tick", i)
		}
	}
}

func do(t *testing.T, tr *Tracker, now time.Time, w []string) {
	t.Helper()
	txs := func(words []string) []chainhash.Hash {
		out := make([]chainhash.Hash, 0, len(words))
		for _, word := range words {
			n, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, numbered(n))
		}
		return out
	}
	switch {
	case w[0] == "join":
		tr.Join(peer.ID(w[1]), len(w) > 2)
	case w[0] == "leave":
		tr.Leave(now, peer.ID(w[1]))
	case w[0] == "known":
		tr.Known(txs(w[1:])[0])
	case w[0] == "len":
		if got := strconv.Itoa(tr.Len()); got != w[1] {
			t.Errorf("%s transactions are wanted, want %s", got, w[1])
		}
	case w[1] == "has":
		tr.Announced(now, peer.ID(w[0]), txs(w[2:]))
	case w[1] == "lacks":
		tr.Failed(now, peer.ID(w[0]), txs(w[2:])[0])
	default:
		t.Fatalf("unknown event %q", w)
	}
}

func TestStories(t *testing.T) {
	for name, steps := range map[string][]step{
		"an outbound peer is asked at once": {
			{0, "join a", ""},
			{5, "a has 3 1 2", "a 3 1 2"},
			{6, "len 3", ""},
			{7, "known 3", ""},
			{7, "known 1", ""},
			{7, "known 2", ""},
			{8, "len 0", ""},
		},
		"an inbound peer is asked after two seconds": {
			{0, "join i inbound", ""},
			{0, "i has 1", ""},
			{1999, "", ""},
			{2000, "", "i 1"},
			{2001, "known 1", ""},
			{90_000, "len 0", ""},
		},
		"an outbound peer goes before an inbound one that announced first": {
			{0, "join i inbound", ""},
			{0, "join o", ""},
			{0, "i has 1", ""},
			{1500, "o has 1", "o 1"},
			{2000, "", ""},
			{2100, "o lacks 1", "i 1"},
			{2200, "i lacks 1", ""},
			{2200, "len 0", ""},
		},
		"an outbound peer goes before inbound ones that have waited": {
			{0, "join i inbound", ""},
			{0, "join j inbound", ""},
			{0, "join o", ""},
			{0, "i has 1", ""},
			{3000, "j has 1", "i 1"},
			{10_000, "o has 1", ""},
			{62_999, "", ""},
			{63_000, "", "o 1"},
			{123_000, "", "j 1"},
			{183_000, "", ""},
			{183_000, "len 0", ""},
		},
		"who is silent is asked once, then others": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "a has 1", "a 1"},
			{10, "b has 1", ""},
			{10, "a has 1", ""},
			{59_999, "", ""},
			{60_000, "", "b 1"},
			{70_000, "a has 1", ""}, // it has had its chance
			{119_999, "", ""},
			{120_000, "", ""},
			{120_000, "len 0", ""},
		},
		"all have failed: announced again, asked again": {
			{0, "join a", ""},
			{0, "a has 1", "a 1"},
			{10, "a lacks 1", ""},
			{10, "len 0", ""},
			{20, "a has 1", "a 1"},
		},
		"the end of one request is not that of the next": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "a has 1", "a 1"},
			{10, "b has 1", ""},
			{10, "b lacks 1", ""}, // nobody asked it
			{20, "c lacks 1", ""},
			{60_000, "", "b 1"},
			{60_001, "a lacks 1", ""}, // too late to matter
			{60_002, "b lacks 1", ""},
			{60_002, "len 0", ""},
		},
		"a peer that leaves": {
			{0, "join a", ""},
			{0, "join b", ""},
			{0, "a has 1 2", "a 1 2"},
			{1, "b has 1", ""},
			{2, "b has 3 4", "b 3 4"},
			{3, "a has 3", ""},
			{5, "leave a", "b 1"},
			{5, "len 3", ""}, // nobody else had 2
			{6, "leave b", ""},
			{6, "len 0", ""},
			{7, "a has 1", ""},
			{7, "join a", ""},
			{7, "a has 1", "a 1"},
			{8, "leave nobody", ""},
		},
		"an inbound peer leaves while its offer is delayed": {
			{0, "join i inbound", ""},
			{0, "join j inbound", ""},
			{0, "i has 1 2", ""},
			{500, "j has 2", ""},
			{1000, "leave i", ""},
			{1000, "len 1", ""},
			{2000, "", ""},
			{2500, "", "j 2"},
		},
		"what is known meanwhile is not asked for": {
			{0, "join i inbound", ""},
			{0, "join o", ""},
			{0, "i has 1", ""},
			{10, "o has 2", "o 2"},
			{10, "i has 2", ""},
			{20, "known 1", ""},
			{20, "known 2", ""},
			{20, "known 9", ""},
			{90_000, "len 0", ""},
		},
		"the same hash twice in an announcement": {
			{0, "join a", ""},
			{0, "a has 1 1 1", "a 1"},
			{0, "a has", ""},
			{0, "nobody has 7", ""},
			{1, "len 1", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, New(DefaultConfig(), rand.NewPCG(1, 1)), steps)
		})
	}
}

func TestOnePeerOwesNoMoreThanItMay(t *testing.T) {
	cfg := DefaultConfig()
	cfg.InFlight, cfg.Remembered = 2, 4
	play(t, New(cfg, rand.NewPCG(1, 1)), []step{
		{0, "join a", ""},
		{0, "join b", ""},
		{0, "a has 1 2 3 4 5 6", "a 1 2"},
		{1, "len 4", ""},
		{10, "known 2", "a 3"},
		{11, "a has 7", ""}, // there is room to remember it, not to ask
		{12, "a has 8", ""},
		{13, "b has 4 8", "b 4 8"}, // b has room
		{14, "a lacks 1", "a 7"},
		{20, "b lacks 8", ""},
		{20, "b lacks 4", ""}, // a still may have it
		{21, "len 3", ""},
		{60_010, "", "a 4"},
		{60_014, "", ""},
		{60_014, "len 1", ""},
	})
}

func TestConfigValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("default settings: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"time-out":      func(c *Config) { c.Timeout = 0 },
		"in flight":     func(c *Config) { c.InFlight = 0 },
		"remembered":    func(c *Config) { c.Remembered = 0 },
		"inbound delay": func(c *Config) { c.InboundDelay = -1 },
	} {
		bad := DefaultConfig()
		if spoil(&bad); bad.Validate() == nil {
			t.Errorf("%s that cannot work passes", name)
		}
	}
}
