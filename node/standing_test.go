package node

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
)

func TestOperatorsBanOutranksAutomaticOnes(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newGater(func() time.Time { return now }, reputation.New(reputation.DefaultConfig(), []peer.ID{"friend"}))
	g.charge(reputation.Party{Peer: "a"}, events.InvalidBlock, false)
	s := reputation.OfPeer("a")
	if err := g.ban(s, now.Add(time.Hour)); err != nil {
		t.Fatalf("over an automatic ban: %v", err)
	}
	if err := g.ban(s, now.Add(2*time.Hour)); !errors.Is(err, api.ErrBanned) {
		t.Errorf("over one of the operator's own: %v", err)
	}
	if err := g.ban(reputation.OfPeer("friend"), now.Add(time.Hour)); err != nil || !g.banned("friend") {
		t.Errorf("a named peer: %v", err)
	}
	if !g.unban(s) || g.banned("a") || g.unban(s) {
		t.Error("the ban is not lifted once")
	}
	if account, _ := g.why(s); account.Points != 0 {
		t.Errorf("%v points after the ban was lifted", account.Points)
	}
	now = now.Add(3 * time.Hour)
	if err := g.ban(reputation.OfPeer("friend"), now.Add(time.Hour)); err != nil {
		t.Errorf("after the first ban has ended: %v", err)
	}
}

func TestDeparturesAreBounded(t *testing.T) {
	var d departures
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 3 * maxDepartures {
		d.note(peer.ID(fmt.Sprint(i)), at, events.RemoteLeft)
		d.note("regular", at.Add(time.Duration(i)), events.Rotated)
	}
	if len(d.last) != maxDepartures || len(d.order) != maxDepartures {
		t.Errorf("%d and %d are remembered", len(d.last), len(d.order))
	}
	if last := d.last[peer.ID(fmt.Sprint(3*maxDepartures-1))]; last.Reason != string(events.RemoteLeft) {
		t.Errorf("the last one: %+v", last)
	}
}
