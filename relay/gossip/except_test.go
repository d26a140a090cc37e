package gossip

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/testhost"
)

// monero #9334: a node that ended a stem told of it whom the stem had come from as soon
// as everybody else, and so it learned where its stem had ended. pubsub knows no such
// exception; it spares only whom it has a message from.
func TestFluffIsNotPushedToWhomTheStemCameFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 4, 50*time.Millisecond)
		s := start(t, hosts[0])
		taps := make([]*wiretap, 3)
		for i, h := range hosts[1:] { // not connected with one another
			tap, ps := listen(t, h)
			join(t, ps, Topic(params, "tx"))
			testhost.Connect(t, h, hosts[0])
			taps[i] = tap
		}
		time.Sleep(warm)
		tx := transaction(1)
		if err := s.PublishTx(t.Context(), tx, hosts[2].ID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(warm)
		for i, want := range []int{1, 0, 1} {
			if n := published(taps[i]); n != want {
				t.Errorf("peer %d was sent it %d times, want %d", i, n, want)
			}
		}
		if n := s.got().seen[*tx.WitnessHash()]; n != 0 {
			t.Errorf("it was seen back %d times, and nobody has shown it", n)
		}
	})
}

// Two nodes alone: there is nobody else from whom the peer could learn of the fluff.
func TestFluffIsPushedToTheOnlyPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		s := start(t, hosts[0])
		tap, ps := listen(t, hosts[1])
		join(t, ps, Topic(params, "tx"))
		testhost.Connect(t, hosts[1], hosts[0])
		time.Sleep(warm)
		for i, except := range []peer.ID{hosts[1].ID(), "", "somebody else"} {
			if err := s.PublishTx(t.Context(), transaction(byte(i)), except); err != nil {
				t.Fatal(err)
			}
			time.Sleep(warm)
			if n := published(tap); n != i+1 {
				t.Errorf("without %q it was sent %d of %d", except, n, i+1)
			}
		}
	})
}

// published is how many messages have come to a tap.
func published(w *wiretap) (n int) {
	for _, rpc := range w.heard() {
		n += len(rpc.GetPublish())
	}
	return n
}

// A node that was started again published what had ended its embargo meanwhile before any
// peer was there: pubsub sends to nobody, says that all is well and never sends again. Only
// those who asked for its mempool found it, a quarter of a minute later.
func TestPublishingWaitsForAnybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		s := start(t, hosts[0])
		done := make(chan error, 1)
		go func() { done <- s.PublishTx(t.Context(), transaction(1), "") }()
		time.Sleep(time.Minute)
		tap, ps := listen(t, hosts[1])
		join(t, ps, Topic(params, "tx"))
		testhost.Connect(t, hosts[1], hosts[0])
		time.Sleep(warm)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := published(tap); n != 1 {
			t.Errorf("the first peer was sent it %d times, want 1", n)
		}
	})
}
