package relay

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

func TestLinksForgetWhoLeaves(t *testing.T) {
	s, now := newLinks(), time.Unix(1_700_000_000, 0)
	s.credit(now, "stranger")
	s.join("a", Link{Group: "192.0.0.0/16"})
	if !s.lastTx("a").IsZero() || !s.lastTx("stranger").IsZero() || s.group("stranger") != "" {
		t.Error("who has brought nothing, or is not linked, is credited")
	}
	s.credit(now, "a")
	if s.lastTx("a") != now || s.group("a") != "192.0.0.0/16" {
		t.Errorf("last transaction %v, group %q", s.lastTx("a"), s.group("a"))
	}
	s.leave("a")
	s.join("a", Link{})
	if !s.lastTx("a").IsZero() || s.group("a") != "" {
		t.Error("what a peer did on an earlier link is remembered")
	}
}

// Each peer is asked for its mempool as often as any, and a seed tells which: the order in
// which peers came, or a map has them, does not.
func TestLinksDrawAnybodyAlike(t *testing.T) {
	draws := func(peers ...peer.ID) (all []peer.ID) {
		s, rng := newLinks(), rand.New(rand.NewPCG(1, 2))
		if p, ok := s.draw(rng); ok {
			t.Errorf("%s of nobody", p)
		}
		for _, p := range peers {
			s.join(p, Link{})
		}
		for range 3000 {
			p, _ := s.draw(rng)
			all = append(all, p)
		}
		return all
	}
	first, second := draws("a", "b", "c"), draws("c", "a", "b")
	count := make(map[peer.ID]int)
	for i, p := range first {
		count[p]++
		if second[i] != p {
			t.Fatalf("draw %d is %s and %s", i, p, second[i])
		}
	}
	// 1,000 each in the mean; six standard deviations of 25.8.
	for _, p := range []peer.ID{"a", "b", "c"} {
		if n := count[p]; n < 845 || n > 1155 {
			t.Errorf("%s is drawn %d times of 3,000", p, n)
		}
	}
}
