package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoreds"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/prometheus/client_golang/prometheus"
)

// quicDelay is how much later a peer's QUIC addresses are dialled than its TCP
// ones: libp2p's QUIC costs three times the CPU per byte of TCP (6.2 against
// 2.1 ms/MB), so it serves where TCP does not answer. 250 ms is the head start
// that libp2p's own ranker gives in the other direction.
const quicDelay = 250 * time.Millisecond

// connGrace spares a new connection from trimming while its status and first
// headers are exchanged. Source: libp2p's own default for the same purpose.
const connGrace = time.Minute

// hostParts are the collaborators of a libp2p host.
type hostParts struct {
	key     crypto.PrivKey
	gater   *gater
	peers   datastore.Batching // the peerstore's view
	metrics prometheus.Registerer
	traffic metrics.Reporter
	manager network.ResourceManager
	psk     pnet.PSK        // of a closed network; nil = an open one
	probes  bool            // ask peers at which addresses they reach us; a bubble's clock stops over it
	also    []libp2p.Option // a simulation's
}

// newHost builds a host that speaks TCP and QUIC with TLS 1.3 or Noise and
// nothing else, and that does not listen yet. Every full node of a release
// builds it alike, so that identify tells no two apart.
func newHost(ctx context.Context, cfg Config, parts hostParts) (host.Host, peerstore.Peerstore, error) {
	bounds := cfg.limits()
	manager, err := connmgr.NewConnManager(bounds.low(), bounds.high(), connmgr.WithGracePeriod(connGrace))
	if err != nil {
		return nil, nil, fmt.Errorf("make connection manager: %w", err)
	}
	known, err := pstoreds.NewPeerstore(ctx, parts.peers, pstoreds.DefaultOpts())
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open peerstore: %w", err), manager.Close())
	}
	h, err := libp2p.New(
		libp2p.Identity(parts.key),
		libp2p.Peerstore(known),
		speech(parts.psk),
		cfg.reach(parts.probes),
		libp2p.NonPublicAddrPublishing(cfg.local()),
		libp2p.ConnectionManager(manager),
		libp2p.ResourceManager(parts.manager),
		libp2p.ConnectionGater(parts.gater),
		libp2p.PrometheusRegisterer(parts.metrics),
		libp2p.BandwidthReporter(parts.traffic),
		libp2p.SwarmOpts(swarm.WithDialRanker(preferTCP)),
		libp2p.ChainOptions(parts.also...),
	)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make libp2p host: %w", err), known.Close(), manager.Close())
	}
	return h, known, nil
}

// speech is what every host of ours speaks, and how it names itself: identify must
// tell no two apart. It does not listen yet. With the key of a closed network it
// speaks TCP alone.
func speech(psk pnet.PSK) libp2p.Option {
	transports := libp2p.ChainOptions(libp2p.Transport(tcp.NewTCPTransport), libp2p.Transport(libp2pquic.NewTransport))
	if psk != nil {
		transports = libp2p.ChainOptions(libp2p.Transport(tcp.NewTCPTransport), libp2p.PrivateNetwork(psk))
	}
	return libp2p.ChainOptions(
		libp2p.NoListenAddrs,
		transports,
		libp2p.Security(tls.ID, tls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.UserAgent(Agent),
		libp2p.ProtocolVersion("pappus/1"),
	)
}

// local says whether the network is one that may live on private addresses: a chain
// of one's own, or a closed network.
func (c Config) local() bool {
	params, err := Params(c.Network)
	return c.closed() || err == nil && canMine(params)
}

// preferTCP dials all TCP addresses at once and the others later.
func preferTCP(addrs []multiaddr.Multiaddr) []network.AddrDelay {
	ranked := make([]network.AddrDelay, 0, len(addrs))
	for _, a := range addrs {
		var delay time.Duration
		if _, err := a.ValueForProtocol(multiaddr.P_TCP); err != nil {
			delay = quicDelay
		}
		ranked = append(ranked, network.AddrDelay{Addr: a, Delay: delay})
	}
	return ranked
}

// listen binds every address. The default addresses may lack IPv6; an address
// that the operator named must work.
func listen(ctx context.Context, h host.Host, cfg Config) error {
	addrs, named := cfg.listenAddrs()
	for _, s := range addrs {
		addr, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			return fmt.Errorf("listen %q: %w", s, err)
		}
		err = probe(ctx, addr)
		if err == nil {
			err = h.Network().Listen(addr)
		}
		switch {
		case err == nil:
		case taken(err):
			return fmt.Errorf("listen on %s: the port is taken by another process: stop it, or choose a free port with --listen (…/tcp/0 takes any)", s)
		case !named && strings.HasPrefix(s, "/ip6/"):
			// No IPv6 here; the IPv4 addresses carry the node.
		default:
			return fmt.Errorf("listen on %s: %w", s, err)
		}
	}
	return nil
}

// listening returns the host's addresses with unspecified ones made concrete, those
// first that others had better dial: whoever takes the first line of the file of
// addresses gets TCP, and IPv4.
func listening(h host.Host) []multiaddr.Multiaddr {
	addrs, err := h.Network().InterfaceListenAddresses()
	if err != nil {
		addrs = h.Addrs()
	}
	rank := func(a multiaddr.Multiaddr) (rank int) {
		if _, err := a.ValueForProtocol(multiaddr.P_TCP); err != nil {
			rank = 2
		}
		if _, err := a.ValueForProtocol(multiaddr.P_IP4); err != nil {
			rank++
		}
		return rank
	}
	addrs = slices.Clone(addrs) // they may be the host's own
	slices.SortFunc(addrs, func(a, b multiaddr.Multiaddr) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), bytes.Compare(a.Bytes(), b.Bytes()))
	})
	return addrs
}

// probe binds a TCP address the ordinary way and lets go of it: libp2p binds
// with SO_REUSEPORT, under which a second node on the same port would succeed
// and the two would share connections at random. Each family is asked for by itself: under
// plain "tcp" an unspecified address stands for both, and the second one of a node that
// listens on both would find the first.
func probe(ctx context.Context, addr multiaddr.Multiaddr) error {
	family, at, err := manet.DialArgs(addr)
	if err != nil || family != "tcp4" && family != "tcp6" {
		return nil //nolint:nilerr // not plain IP and port (QUIC): binding it tells
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, family, at)
	if err != nil {
		return err
	}
	return l.Close()
}

// taken says whether the error is, somewhere inside, an address in use.
func taken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || strings.Contains(err.Error(), syscall.EADDRINUSE.Error())
}
