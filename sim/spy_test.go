package sim

import (
	"testing"
	"time"
)

// What an adversary sees comes in order, from honest nodes, and no more of it is
// kept than was asked for.
func TestSightingsComeInOrder(t *testing.T) {
	g := p2p(t, 100, 1)
	for _, a := range []Adversary{
		{Kind: Spies, Share: 0.2},
		{Kind: Spies, Share: 0.2, Silent: true},
		{Kind: Spies, Share: 0.1, DialAll: true, Keep: 3},
		{Kind: Supernode, Theta: 3, Inbound: true},
	} {
		for _, m := range mechanisms {
			cfg := DefaultConfig()
			cfg.Mechanism, cfg.Fluff, cfg.Adversary, cfg.Load = m, Diffusion, a, few(10)
			r := run(t, cfg, g)
			if want := 100 - int(a.Share*100); len(r.Honest) != want {
				t.Errorf("%+v: %d honest nodes, want %d", a, len(r.Honest), want)
			}
			for _, tx := range r.Txs {
				if tx.Seen == 0 || a.Keep > 0 && len(tx.Sightings) > a.Keep || a.Keep == 0 && len(tx.Sightings) != tx.Seen {
					t.Errorf("%s, %+v: %d sightings kept of %d", m, a, len(tx.Sightings), tx.Seen)
				}
				last := time.Duration(0)
				for _, s := range tx.Sightings {
					if s.At < last || r.Spies != nil && r.Spies[s.From] || (s.To == -1) != (a.Kind == Supernode) {
						t.Fatalf("%s, %+v: sighting %+v after %v", m, a, s, last)
					}
					last = s.At
				}
			}
		}
	}
}

// Nothing in its stem shows to a supernode that has dialled everybody: what it sees
// begins with the fluff.
func TestSupernodeSeesNothingBeforeTheFluff(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Adversary = Adversary{Kind: Supernode, Theta: 8, Inbound: true}
	cfg.Load = few(100)
	for i, tx := range run(t, cfg, p2p(t, 200, 1)).Txs {
		if len(tx.Sightings) == 0 || tx.Sightings[0].At < tx.Fluffed || tx.Sightings[0].Stem {
			t.Errorf("transaction %d: fluffed after %v, seen %+v", i, tx.Fluffed, tx.Sightings[0])
		}
	}
}

// A story that ends with its first sighting costs little more than that.
func TestFirstSightingEndsTheStory(t *testing.T) {
	g := p2p(t, 1000, 1)
	cfg := DefaultConfig()
	cfg.Mechanism = Diffusion
	cfg.Adversary = Adversary{Kind: Supernode, Theta: 1}
	cfg.Load = Load{Rounds: 20, Source: Random, Count: 1, Bytes: 250, Limit: time.Hour}
	whole := run(t, cfg, g)
	cfg.Load.FirstSighting = true
	short := run(t, cfg, g)
	if short.Events*10 > whole.Events {
		t.Errorf("%d events until the first sighting, %d until the end", short.Events, whole.Events)
	}
	for i, tx := range short.Txs {
		if last := tx.Sightings[tx.Seen-1].At; tx.Seen > 1 && last != tx.Sightings[0].At {
			t.Errorf("transaction %d was seen again after %v", i, last)
		}
	}
}

func TestWatchedTransactionLeavesItsSteps(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Load, cfg.Watch = few(3), 1
	r := run(t, cfg, p2p(t, 50, 1))
	stems, fluffs := 0, 0
	for i, s := range r.Steps {
		if i > 0 && s.At < r.Steps[i-1].At {
			t.Fatalf("step %d goes back in time", i)
		}
		switch {
		case s.What == "stem":
			stems++
		case len(s.What) > 5 && s.What[:5] == "fluff":
			fluffs++
		}
	}
	if stems != r.Txs[1].Hops || fluffs == 0 || r.Steps[0].What != "submit" || r.Steps[0].From != r.Txs[1].Source {
		t.Errorf("%d stems of %d, %d fluffs, first step %+v", stems, r.Txs[1].Hops, fluffs, r.Steps[0])
	}
}
