package reputation

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestBansEnd(t *testing.T) {
	b := NewBans([]peer.ID{"friend"})
	if !b.Ban(begin, "villain") || b.Ban(begin, "friend") {
		t.Error("a villain is banned, a peer that the operator named is not")
	}
	for after, want := range map[time.Duration]bool{0: true, BanTime - 1: true, BanTime: false} {
		if b.Banned(begin.Add(after), "villain") != want {
			t.Errorf("banned after %v: %v", after, !want)
		}
	}
	b.Ban(begin.Add(time.Hour), "villain")
	if !b.Banned(begin.Add(BanTime), "villain") || b.Banned(begin, "friend") || b.Banned(begin, "stranger") {
		t.Error("a second ban does not start anew, or others are hit")
	}
}

func TestBansAreBounded(t *testing.T) {
	b := NewBans(nil)
	for i := range maxBans + 100 {
		b.Ban(begin, peer.ID(fmt.Sprint(i)))
	}
	if len(b.until) != maxBans || len(b.order) != maxBans {
		t.Errorf("%d bans, %d in order", len(b.until), len(b.order))
	}
	if b.Banned(begin, "99") || !b.Banned(begin, "100") {
		t.Error("not the oldest bans gave way")
	}
}
