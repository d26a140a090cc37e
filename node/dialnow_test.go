package node

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// mirrored listens, and takes itself for the one who has dialled: as a peer does that has, at
// the same time. It counts who comes.
func mirrored(t *testing.T) (at multiaddr.Multiaddr, count *atomic.Int32) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count = new(atomic.Int32)
	done := make(chan struct{})
	go func() { // ends with the listener
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			meet(c)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	if at, err = manet.FromNetAddr(l.Addr()); err != nil {
		t.Fatal(err)
	}
	return at, count
}

func meet(c net.Conn) {
	defer c.Close()
	const proposal = "\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n"
	if _, err := io.WriteString(c, proposal); err != nil {
		return
	}
	if _, err := io.ReadFull(c, make([]byte, len(proposal))); err != nil {
		return
	}
	_ = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}).Handshake() //nolint:gosec,noctx // it cannot succeed
	_, _ = io.Copy(io.Discard, c)                                                                      // or a reset overtakes what was sent
}

// Two nodes that name each other and start at the same moment: their dials meet, and both
// fail. Each waited for more than a second. The one with the lower id dials again at once.
func TestDialThatMeetsThePeersOwn(t *testing.T) {
	h := gated(t, nil, nil)
	higher, lower := peer.ID("\xff"), peer.ID("\x00")
	for _, c := range []struct {
		name  string
		id    peer.ID
		dials int32
	}{{"the peer's id is higher", higher, 2}, {"the peer's id is lower", lower, 1}} {
		t.Run(c.name, func(t *testing.T) {
			at, count := mirrored(t)
			err := dialNow(t.Context(), h, peer.AddrInfo{ID: c.id, Addrs: []multiaddr.Multiaddr{at}})
			if !crossed(err) || count.Load() != c.dials {
				t.Errorf("after %d dials, want %d: %v", count.Load(), c.dials, err)
			}
		})
	}
	if crossed(nil) {
		t.Error("no error is one")
	}
}
