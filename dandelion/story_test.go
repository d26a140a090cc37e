package dandelion

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// stage plays a story: it calls peers A, B, … in the order in which the router
// hands them something, for which they are is drawn.
type stage struct {
	*Router
	now   time.Time
	names []peer.ID
	until map[byte]time.Time
}

// play does what one line of a story says and returns what the router does then.
func (s *stage) play(tb testing.TB, line string) string {
	tb.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	arg, who, _ := strings.Cut(rest, " ")
	hash := tx(0)
	if arg != "" {
		hash = tx(int(arg[0]))
	}
	switch verb {
	case "submit":
		return s.told(s.Submit(s.now, hash))
	case "relay":
		return s.told(s.Relay(s.now, hash, s.called(who)))
	case "fail":
		return s.told(s.Failed(s.now, hash, s.called(who)))
	case "seen":
		s.Seen(hash)
		return ""
	case "lapse": // to the end of the embargo, without a tick
		s.now = s.until[arg[0]]
		return ""
	case "tick":
		return s.told(s.Tick(s.now))
	case "epoch":
		s.now = s.ends
		return s.told(s.Tick(s.now))
	case "links": // so many outbound peers, without those named
		var n int
		if _, err := fmt.Sscan(arg, &n); err != nil {
			tb.Fatal(err)
		}
		gone := strings.Fields(who)
		return s.told(s.SetPeers(s.now, slices.DeleteFunc(peers(n), func(p Peer) bool {
			return slices.ContainsFunc(gone, func(name string) bool { return s.called(name) == p.ID })
		})))
	}
	tb.Fatalf("%q is no line of a story", line)
	return ""
}

// called returns the peer of a name that was given, or one of that very name.
func (s *stage) called(name string) peer.ID {
	if len(name) == 1 && int(name[0]-'A') < len(s.names) {
		return s.names[name[0]-'A']
	}
	return peer.ID(name)
}

func (s *stage) name(p peer.ID) string {
	if strings.HasPrefix(string(p), "in") || p == own {
		return string(p)
	}
	if !slices.Contains(s.names, p) {
		s.names = append(s.names, p)
	}
	return string(rune('A' + slices.Index(s.names, p)))
}

func (s *stage) told(actions []Action) string {
	lines := make([]string, len(actions))
	for i, a := range actions {
		switch a := a.(type) {
		case Stem:
			lines[i] = fmt.Sprintf("stem %c %s", a.Tx[7], s.name(a.To))
			if before, ok := s.until[a.Tx[7]]; ok && before != a.Until {
				lines[i] += " with another embargo"
			}
			s.until[a.Tx[7]] = a.Until
		case Fluff:
			lines[i] = strings.TrimSpace(fmt.Sprintf("fluff %c %s %s", a.Tx[7], a.Cause, s.name(a.Except)))
		case Wait:
			lines[i] = fmt.Sprintf("wait %c", a.Tx[7])
			s.until[a.Tx[7]] = a.Until
		}
	}
	return strings.Join(lines, ", ")
}

// A line is "what happens → what the router does". Each story is told with a
// hundred seeds: no draw may change it. It begins with eight outbound peers.
var stories = []struct {
	name    string
	diffuse bool
	script  string
}{
	{name: "a stem peer that swallows what it gets: the embargo ends it", script: `
		relay x in → stem x A
		tick → 
		lapse x → 
		tick → fluff x embargo in
		tick → `},
	{name: "what is seen fluffed is forgotten", script: `
		submit x → stem x A
		seen x → 
		lapse x → 
		tick → 
		fail x A → `},
	{name: "monero 8627: in an epoch of diffusing too, own transactions are stemmed", diffuse: true, script: `
		submit x → stem x A
		relay y in → fluff y diffuser in
		submit z → stem z A`},
	{name: "grin 2185: a loop is fluffed at once, not when its embargo ends; once", script: `
		submit x → stem x A
		relay x in → fluff x loop in
		lapse x → 
		tick → `},
	{name: "monero 9334: the fluff of a loop is not told to whom it came from", script: `
		relay x in1 → stem x A
		relay x in2 → fluff x loop in2`},
	{name: "monero 9334: nor does sending twice tell the sender where its stem went", script: `
		relay x in → stem x A
		relay x in → fluff x loop in`},
	{name: "a loop closes just as its embargo ends: fluffed, and not stemmed anew", script: `
		relay x in1 → stem x A
		lapse x → 
		relay x in2 → fluff x loop in2
		tick → `},
	{name: "an own transaction is submitted again as its embargo ends", script: `
		submit x → stem x A
		submit x → 
		lapse x → 
		submit x → fluff x embargo`},
	{name: "a stem peer cannot be reached: the other one, never a third", script: `
		submit x → stem x A
		fail x in → 
		fail x A → stem x B
		fail x A → 
		fail x B → fluff x no_peer
		fail x B → `},
	{name: "nor is there a third by waiting for the next epoch", script: `
		submit x → stem x A
		fail x A → stem x B
		epoch → 
		fail x B → fluff x no_peer`},
	{name: "monero 9218: a peer that refuses, or sends loops, is not dropped and its edges stay", script: `
		relay a in → stem a A
		fail a A → stem a B
		relay b in → stem b A
		fail b A → stem b B
		relay b in → fluff b loop in
		relay c in → stem c A
		fail c A → stem c B
		relay d in → stem d A`},
	{name: "a stem peer leaves: what it has stays there, what comes takes another", script: `
		submit x → stem x A
		links 8 A → 
		submit y → stem y B
		seen y → 
		lapse x → 
		tick → fluff x embargo`},
	{name: "a stem peer leaves before it was reached", script: `
		submit x → stem x A
		links 8 A → 
		fail x A → stem x B`},
	{name: "both stem peers are gone, and there is no other", script: `
		links 1 → 
		relay x in → stem x A
		links 0 → 
		fail x A → fluff x no_peer in`},
	{name: "without a peer a transaction waits for one", script: `
		links 0 → 
		submit x → wait x
		relay y in → wait y
		tick → 
		links 1 → stem x A, stem y A`},
	{name: "it waits in vain", script: `
		links 0 → 
		submit x → wait x
		epoch → 
		lapse x → 
		tick → fluff x embargo`},
	{name: "it is seen while it waits", script: `
		links 0 → 
		relay x in → wait x
		seen x → 
		links 8 → `},
	{name: "the next epoch stems nothing again, and knows its loops", script: `
		relay x in → stem x A
		epoch → 
		links 8 A → 
		relay x in2 → fluff x loop in2`},
	{name: "the only stem peer gets back what came from it, and its edge another when there is one", script: `
		links 1 → 
		submit x → stem x A
		relay y A → stem y A
		links 2 → 
		relay z A → stem z B`},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			for seed := range uint64(100) {
				cfg := relaying()
				cfg.Embargo = 1e4 * time.Hour // no embargo ends by itself before a story does
				if story.diffuse {
					cfg.FluffChance = 1
				}
				s := &stage{Router: router(cfg, seed, 8), now: start(), until: make(map[byte]time.Time)}
				for line := range strings.Lines(strings.TrimSpace(story.script)) {
					do, want, _ := strings.Cut(strings.TrimSpace(line), "→")
					if got := s.play(t, strings.TrimSpace(do)); got != strings.TrimSpace(want) {
						t.Fatalf("seed %d: %s: got %q, want %q", seed, strings.TrimSpace(do), got, strings.TrimSpace(want))
					}
				}
			}
		})
	}
}

func TestHopsThatFluffAreDrawnForEachTransaction(t *testing.T) {
	cfg := DefaultConfig()
	cfg.FluffChance, cfg.Diffusing = 1, PerHop
	r := router(cfg, 1, 8)
	one[Stem](t, r.Submit(start(), tx(1)))
	if got := one[Fluff](t, r.Relay(start(), tx(2), "in")); got != (Fluff{tx(2), "in", Chosen}) {
		t.Errorf("%#v", got)
	}
	cfg.FluffChance = 0.5
	r, chosen := router(cfg, 1, 8), 0
	for i := range 1000 {
		for _, a := range r.Relay(start(), tx(i), "in") {
			if _, ok := a.(Fluff); ok {
				chosen++
			}
		}
	}
	if chosen < 437 || chosen > 563 { // four standard errors of 15.8
		t.Errorf("%d of 1,000 ended here, want 500", chosen)
	}
}

func TestRestoredTransactionsAreNotStemmedAgain(t *testing.T) {
	r := NewRouter(relaying(), rand.NewPCG(1, 1), start())
	r.Restore([]Held{
		{Tx: tx(1), From: "in", Stemmed: true, Until: start().Add(time.Second)},
		{Tx: tx(2), Until: start().Add(time.Minute)}, // had waited for a peer
		{Tx: tx(3), Stemmed: true, Until: start().Add(-time.Hour)},
		{Tx: tx(4), Stemmed: true, Until: start().Add(time.Hour)},
		{Tx: tx(4), Until: start()}, // twice: the first counts
	})
	if got := one[Fluff](t, r.Tick(start())); got != (Fluff{tx(3), own, Embargo}) {
		t.Errorf("%#v", got)
	}
	if got := one[Stem](t, r.SetPeers(start(), peers(2))); got.Tx != tx(2) || got.Until != start().Add(time.Minute) {
		t.Errorf("%#v", got)
	}
	if held, ok := r.Held(tx(2)); !ok || !held.Stemmed {
		t.Errorf("%#v would be stemmed again after the next restart", held)
	}
	if got := one[Fluff](t, r.Relay(start(), tx(4), "in")); got.Cause != Loop {
		t.Errorf("%#v", got)
	}
	if r.Next() != start().Add(time.Second) {
		t.Errorf("next at %v", r.Next())
	}
	if got := one[Fluff](t, r.Tick(start().Add(time.Second))); got != (Fluff{tx(1), "in", Embargo}) {
		t.Errorf("%#v", got)
	}
}
