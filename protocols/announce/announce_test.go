package announce

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
)

var params = &chaincfg.RegressionNetParams

// sink hands on what is announced.
type sink chan []wire.BlockHeader

func (s sink) Announced(_ peer.ID, hs []wire.BlockHeader) { s <- hs }

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// listen makes a host listen to announcements.
func listen(t *testing.T, h host.Host) (sink, <-chan exchange.Outcome) {
	t.Helper()
	heard, outcomes := make(sink, 64), make(chan exchange.Outcome, 64)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { outcomes <- o })
	h.SetStreamHandler(Spec(params).ID, server.Handler(ctx, Spec(params), NewServer(params, heard).Handle))
	return heard, outcomes
}

// announcer runs one on a host.
func announcer(t *testing.T, h host.Host) *Announcer {
	t.Helper()
	a := New(h, params)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return a
}

func made(n int) []wire.BlockHeader {
	return chaingen.Headers(params.GenesisBlock.Header, n, 1)
}

func last(t *testing.T, heard sink, within time.Duration) wire.BlockHeader {
	t.Helper()
	select {
	case hs := <-heard:
		return hs[len(hs)-1]
	case <-time.After(within):
		t.Fatal("nothing was announced")
		return wire.BlockHeader{}
	}
}

func TestTipsAreAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		one, _ := listen(t, hosts[1])
		two, _ := listen(t, hosts[2])
		a := announcer(t, hosts[0])
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			a.Join(h.ID())
		}
		tips := made(3)
		a.Announce(tips[0])
		for _, heard := range []sink{one, two} {
			if got := last(t, heard, time.Second); got != tips[0] {
				t.Errorf("announced %v, want %v", got.BlockHash(), tips[0].BlockHash())
			}
		}
		a.Announce(tips[1], hosts[2].ID()) // who told us
		if got := last(t, one, time.Second); got != tips[1] {
			t.Errorf("announced %v, want %v", got.BlockHash(), tips[1].BlockHash())
		}
		a.Leave(hosts[1].ID())
		a.Announce(tips[2])
		if got := last(t, two, time.Second); got != tips[2] {
			t.Errorf("announced %v, want %v", got.BlockHash(), tips[2].BlockHash())
		}
		if len(one) != 0 {
			t.Error("a peer that has left was told")
		}
		a.Join(hosts[1].ID())
		a.Announce(tips[2])
		last(t, one, time.Second)
	})
}

// What waits while a stream is opened goes out together if it is linked, and as
// the newest alone if it is too much or not linked.
func TestPendingTipsCollapse(t *testing.T) {
	tips := made(maxPending + 2)
	fork := chaingen.Headers(params.GenesisBlock.Header, 1, 2)[0]
	for name, c := range map[string]struct{ told, want []wire.BlockHeader }{
		"linked":     {tips[:3], tips[:3]},
		"too many":   {tips[:maxPending+1], tips[maxPending : maxPending+1]},
		"not linked": {[]wire.BlockHeader{tips[0], tips[1], fork}, []wire.BlockHeader{fork}},
	} {
		t.Run(name, func(t *testing.T) {
			a := New(nil, params)
			a.Join("p")
			for _, h := range c.told {
				a.Announce(h)
			}
			if got := a.listeners["p"].pending; !slices.Equal(got, c.want) {
				t.Errorf("%d headers wait, want %d", len(got), len(c.want))
			}
		})
	}
}

func TestListenerThatDoesNotAnswerDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		heard, _ := listen(t, hosts[2])
		hosts[1].SetStreamHandler(Spec(params).ID, func(network.Stream) {}) // never reads
		a := announcer(t, hosts[0])
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			a.Join(h.ID())
		}
		for _, tip := range made(50) {
			begun := time.Now()
			a.Announce(tip)
			if got := last(t, heard, time.Second); got != tip || time.Since(begun) > 200*time.Millisecond {
				t.Fatalf("announced %v after %v", got.BlockHash(), time.Since(begun))
			}
		}
	})
}

func TestBrokenStreamIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		var resets atomic.Int32
		hosts[1].SetStreamHandler(Spec(params).ID, func(s network.Stream) { resets.Add(1); _ = s.Reset() })
		a := announcer(t, hosts[0])
		testhost.Connect(t, hosts[0], hosts[1])
		a.Join(hosts[1].ID())
		tips := made(4)
		a.Announce(tips[0])
		time.Sleep(time.Second)
		heard, _ := listen(t, hosts[1])
		a.Announce(tips[1]) // perhaps lost: it tells us that the stream is gone
		time.Sleep(time.Second)
		a.Announce(tips[2])
		time.Sleep(time.Second)
		if resets.Load() == 0 || len(heard) == 0 {
			t.Fatalf("%d resets, %d announcements after", resets.Load(), len(heard))
		}
		for len(heard) > 1 {
			<-heard
		}
		if hs := <-heard; hs[len(hs)-1] != tips[2] {
			t.Error("the newest tip was lost")
		}
	})
}

func TestHostileAnnouncementsAreCharged(t *testing.T) {
	good := made(MaxEntries + 1)
	swapped := slices.Clone(good[:4])
	swapped[1], swapped[2] = swapped[2], swapped[1]
	weak := slices.Clone(good[:1])
	for headerlist.Check(params, weak) == nil {
		weak[0].Nonce++
	}
	for name, c := range map[string]struct {
		headers []wire.BlockHeader
		want    events.Reason
	}{
		"1,025 headers":    {good, events.TooMany},
		"unsorted headers": {swapped, events.UnsortedHeaders},
		"no work":          {weak, events.BadProofOfWork},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := testhost.New(t, 2, 20*time.Millisecond)
				heard, outcomes := listen(t, hosts[1])
				testhost.Connect(t, hosts[0], hosts[1])
				payload, err := headerlist.Encode(c.headers)
				if err != nil {
					t.Fatal(err)
				}
				d, err := exchange.Open(t.Context(), hosts[0], hosts[1].ID(), Spec(params))
				if err != nil {
					t.Fatal(err)
				}
				if err := d.Send(t.Context(), exchange.Message{Command: headers, Payload: payload}); err != nil {
					t.Fatal(err)
				}
				if o := <-outcomes; o.Reason != c.want {
					t.Errorf("outcome %+v, want %s", o, c.want)
				}
				if len(heard) != 0 {
					t.Error("the sink was told")
				}
			})
		})
	}
}

func TestOtherMessagesAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		heard, _ := listen(t, hosts[1])
		testhost.Connect(t, hosts[0], hosts[1])
		d, err := exchange.Open(t.Context(), hosts[0], hosts[1].ID(), Spec(params))
		if err != nil {
			t.Fatal(err)
		}
		tip := made(1)
		payload, err := headerlist.Encode(tip)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []exchange.Message{{Command: inv, Payload: []byte{0}}, {Command: addr, Payload: []byte{0}}, {Command: headers, Payload: payload}} {
			if err := d.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if got := last(t, heard, time.Second); got != tip[0] {
			t.Error("the announcement behind the others did not arrive")
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}
