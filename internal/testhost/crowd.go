package testhost

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/quic-go/quic-go"
)

// Plug returns what puts a host of the test's own making at the i-th address, where it
// is to listen. Every number is one host's or one crowd's.
func (n *Net) Plug(t *testing.T, i int) (listen multiaddr.Multiaddr, at libp2p.Option) {
	t.Helper()
	return quicAddress(t, i), n.transport(i)
}

// quicAddress is the i-th host's.
func quicAddress(t *testing.T, i int) multiaddr.Multiaddr {
	t.Helper()
	udp, err := manet.FromNetAddr(address(i))
	if err != nil {
		t.Fatalf("address of host: %v", err)
	}
	return udp.Encapsulate(multiaddr.StringCast("/quic-v1"))
}

// Crowd is any number of identities at one address, that dial with libp2p's own
// transport and have no host: what an attacker has of ids.
type Crowd struct{ manager *quicreuse.ConnManager }

// NewCrowd puts a crowd at the i-th address until the test ends.
func (n *Net) NewCrowd(t *testing.T, i int) *Crowd {
	t.Helper()
	source := new(sourceIP)
	m, err := quicreuse.NewConnManager(quic.StatelessResetKey{}, quic.TokenGeneratorKey{}, n.quicOptions(i, source)...)
	if err != nil {
		t.Fatalf("make crowd: %v", err)
	}
	c := &Crowd{manager: m}
	tr, _, err := c.identity()
	if err != nil {
		t.Fatalf("make crowd: %v", err)
	}
	l, err := tr.Listen(quicAddress(t, i)) // so that all dial from there
	if err != nil {
		t.Fatalf("make crowd: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close crowd: %v", err)
		}
		if err := m.Close(); err != nil {
			t.Errorf("close crowd: %v", err)
		}
	})
	return c
}

// identity is a transport with a key of its own.
func (c *Crowd) identity() (transport.Transport, peer.ID, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, "", err
	}
	tr, err := libp2pquic.NewTransport(key, c.manager, nil, nil, nil)
	return tr, id, err
}

// Dial connects a new identity with a host. Streams are not negotiated: the caller does.
func (c *Crowd) Dial(ctx context.Context, to host.Host) (transport.CapableConn, error) {
	tr, _, err := c.identity()
	if err != nil {
		return nil, fmt.Errorf("make an identity: %w", err)
	}
	return tr.Dial(ctx, to.Network().ListenAddresses()[0], to.ID())
}
