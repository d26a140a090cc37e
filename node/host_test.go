package node

import (
	"net"
	"strings"
	"testing"

	"github.com/multiformats/go-multiaddr"
)

// A node listens on the same port of both families unless it is told otherwise. Where
// there is IPv6 no node started that way: the look whether the port is free found the
// node's own other half.
func TestProbeTellsTheFamiliesApart(t *testing.T) {
	for held, free := range map[string]string{"tcp4": "/ip6/::/tcp/", "tcp6": "/ip4/0.0.0.0/tcp/"} {
		t.Run(held, func(t *testing.T) {
			l, err := new(net.ListenConfig).Listen(t.Context(), held, ":0")
			if err != nil {
				t.Skipf("not here: %v", err)
			}
			defer l.Close()
			_, port, err := net.SplitHostPort(l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			look := func(at string) error { return probe(t.Context(), multiaddr.StringCast(at+port)) }
			if err := look(free); err != nil && taken(err) {
				t.Errorf("the other family's port: %v", err)
			}
			own := map[string]string{"tcp4": "/ip4/0.0.0.0/tcp/", "tcp6": "/ip6/::/tcp/"}[held]
			if err := look(own); err == nil || !taken(err) {
				t.Errorf("a port that is taken: %v", err)
			}
		})
	}
}

// The file of addresses begins with what others had better dial, at each start: a README's
// `head -1` got QUIC or TCP by chance.
func TestListeningBeginsWithTCP(t *testing.T) {
	h := gated(t, nil, nil)
	var want []string
	for _, at := range []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.2/tcp/0", "/ip4/127.0.0.1/tcp/0"} {
		if err := h.Network().Listen(multiaddr.StringCast(at)); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range listening(h) {
		want = append(want, a.String())
	}
	if n := len(want); n < 3 || !strings.Contains(want[n-2], "/tcp/") || !strings.Contains(want[n-1], "/quic-v1") {
		t.Fatalf("it listens on %v", want)
	}
	for range 20 {
		for i, a := range listening(h) {
			if a.String() != want[i] {
				t.Fatalf("it listens on %v, then at %d on %v", want, i, a)
			}
		}
	}
}
