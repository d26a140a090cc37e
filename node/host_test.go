package node

import (
	"net"
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
