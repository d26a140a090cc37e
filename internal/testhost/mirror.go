package testhost

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Mirror listens on loopback, and takes itself for the one who has dialled: as a peer does
// that has, at the same time. It counts who comes.
func Mirror(t *testing.T) (at multiaddr.Multiaddr, count *atomic.Int32) {
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
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	if at, err = manet.FromNetAddr(l.Addr()); err != nil {
		t.Fatal(err)
	}
	return at, count
}

func meet(c net.Conn) {
	defer c.Close() //nolint:errcheck // the other side has closed it
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
