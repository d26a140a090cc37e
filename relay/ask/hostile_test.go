package ask

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// numbers returns the hashes of [from, to).
func numbers(from, to int) []chainhash.Hash {
	out := make([]chainhash.Hash, 0, to-from)
	for n := from; n < to; n++ {
		out = append(out, numbered(n))
	}
	return out
}

// TestSilentAnnouncerDelaysAMinute is T2 of the hostile peers, CVE-2024-52913:
// attackers announce a transaction before anybody else, never send it, and then
// announce so much that Core forgot the others.
func TestSilentAnnouncerDelaysAMinute(t *testing.T) {
	for name, inbound := range map[string]bool{"outbound attacker": false, "inbound attackers": true} {
		t.Run(name, func(t *testing.T) {
			tr := New(DefaultConfig(), rand.NewPCG(1, 1))
			target := numbered(1)
			tr.Join("honest", false)
			attackers := []peer.ID{"attacker"}
			if inbound {
				for i := range 100 {
					attackers = append(attackers, peer.ID(fmt.Sprint("attacker", i)))
				}
			}
			now := begin
			for _, p := range attackers {
				tr.Join(p, inbound)
				tr.Announced(now, p, []chainhash.Hash{target})
			}
			now = now.Add(2 * time.Second) // attackers' best time
			first := tr.Tick(now)
			if len(first) != 1 || first[0].Peer == "honest" {
				t.Fatalf("asks %q", said(first))
			}
			asked := now
			tr.Announced(now, "honest", []chainhash.Hash{target})
			for i, p := range attackers {
				tr.Announced(now, p, numbers(1000+50_000*i, 1000+50_000*(i+1)))
			}
			for !now.After(asked.Add(time.Minute)) {
				for _, r := range tr.Tick(now) {
					if r.Peer == "honest" {
						if d := now.Sub(asked); d != time.Minute {
							t.Errorf("asked after %v", d)
						}
						return
					}
				}
				now = tr.Next()
			}
			t.Error("the honest peer was not asked within a minute")
		})
	}
}

// TestSpamCostsNobodyElse is T1: 50,000 hashes from one peer.
func TestSpamCostsNobodyElse(t *testing.T) {
	cfg := DefaultConfig()
	tr := New(cfg, rand.NewPCG(1, 1))
	tr.Join("honest", true)
	tr.Join("spammer", false)
	tr.Announced(begin, "honest", numbers(0, 3000))
	for from := 0; from < 50_000; from += 1000 {
		tr.Announced(begin, "spammer", numbers(10_000+from, 11_000+from))
	}
	if got := tr.Len(); got != 3000+cfg.Remembered {
		t.Errorf("%d transactions are wanted, want %d", got, 3000+cfg.Remembered)
	}
	got := map[int]bool{}
	for now := begin; !tr.Next().IsZero(); now = tr.Next() {
		for _, r := range tr.Tick(now) {
			if len(r.Txs) > cfg.InFlight {
				t.Fatalf("%s is asked for %d", r.Peer, len(r.Txs))
			}
			for _, tx := range r.Txs {
				if r.Peer == "honest" {
					got[number(tx)] = true
					tr.Known(tx)
				}
			}
		}
	}
	if len(got) != 3000 {
		t.Errorf("the honest peer was asked for %d of its 3,000", len(got))
	}
	if len(tr.txs)+len(tr.sources.all[0].offers)+len(tr.sources.all[1].offers) != 0 {
		t.Error("something is left when all have failed")
	}
}
