package exchange

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/shape"
)

// These tests run over TCP and yamux through a link that is slow or stalls, in
// real time: yamux gives deadlines and partial writes in its own way.

// shaped returns two hosts, the second connected to the first over a link.
func shaped(t *testing.T, cfg shape.Config, more ...libp2p.Option) (server, client host.Host, link *shape.Link) {
	t.Helper()
	server, client = freeHost(t, more...), freeHost(t, more...)
	addr, err := manet.ToNetAddr(server.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	link, err = shape.Listen(t.Context(), addr.String(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = link.Close() })
	way, err := manet.FromNetAddr(net.Addr(link.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Connect(t.Context(), peer.AddrInfo{ID: server.ID(), Addrs: []multiaddr.Multiaddr{way}}); err != nil {
		t.Fatal(err)
	}
	return server, client, link
}

func TestSlowLinkAboveTheFloor(t *testing.T) {
	server, client, _ := shaped(t, shape.Config{Rate: 8_000_000})
	spec := patient()
	// 4 MB take half a second, five graces, and may take 40 s: a machine that is
	// busy with other things is not to fail the test.
	spec.Grace, spec.Floor = 100*time.Millisecond, 100_000
	outcomes := serve(t, server, spec, echo)
	want := Message{Command: "block", Payload: pattern(4_000_000)}
	m, err := Ask(t.Context(), client, server.ID(), spec, want)
	if err != nil || !bytes.Equal(m.Payload, want.Payload) {
		t.Fatalf("%d bytes come back, %v", len(m.Payload), err)
	}
	if o := wantOutcome(t, outcomes, ""); o.Duration < 2*spec.Grace {
		t.Errorf("the test is too fast to show anything: %v", o.Duration)
	}
}

func TestSlowLinkBelowTheFloor(t *testing.T) {
	server, client, _ := shaped(t, shape.Config{Rate: 500_000})
	spec := patient()
	spec.Grace, spec.Floor = 100*time.Millisecond, 5_000_000
	serve(t, server, spec, func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
		return a.Send("block", pattern(4_000_000))
	})
	_, err := Ask(t.Context(), client, server.ID(), spec, Message{Command: "ping"})
	wantReason(t, err, server.ID(), events.TooSlow)
}

// When not even TCP takes bytes, yamux blocks whoever resets or closes a stream until its
// own time-out: 10 s in a node, and longer than any test here.
func TestStalledConnectionHoldsNobodyUp(t *testing.T) {
	forever := *yamux.DefaultTransport
	forever.ConnectionWriteTimeout = time.Hour
	server, client, link := shaped(t, shape.Config{}, libp2p.Muxer(yamux.ID, &forever))
	spec := patient()
	spec.Grace, spec.Floor = 200*time.Millisecond, 0
	server.SetStreamHandler(spec.ID, func(network.Stream) {}) // reads nothing
	var all []*Dialogue
	for range 100 { // together more than the sockets' buffers
		all = append(all, dial(t, client, server, spec))
	}
	link.Stall()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, d := range all {
		wg.Go(func() {
			errs[i] = d.Send(t.Context(), Message{Command: "block", Payload: make([]byte, 300_000)})
			d.Reset()
		})
	}
	wg.Wait() // or the test never ends
	for _, err := range errs {
		wantReason(t, err, server.ID(), events.TooSlow)
	}
}
