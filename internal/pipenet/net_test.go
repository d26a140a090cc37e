package pipenet

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	ttransport "github.com/libp2p/go-libp2p/p2p/transport/testsuite"
)

func transports(t *testing.T, n *Net, hosts int) []*Transport {
	t.Helper()
	all := make([]*Transport, hosts)
	for i := range all {
		key, _, err := crypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if all[i], err = n.Transport(i)(key, &network.NullResourceManager{}); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// What libp2p asks of a transport, by its own tests.
func TestIsATransport(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of streams")
	}
	all := transports(t, New(func(int, int) time.Duration { return 100 * time.Microsecond }), 2)
	ttransport.SubtestTransport(t, all[0], all[1], "/ip4/20.0.0.1/tcp/0", all[0].self)
}
