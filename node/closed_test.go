package node

import (
	"bytes"
	crand "crypto/rand"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/store"
)

const goodKey = "/key/swarm/psk/1.0.0/\n/base16/\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

// keyFile writes a swarm key and returns a configuration that names it.
func keyFile(t *testing.T, content string, mode os.FileMode) Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "swarm.key")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Network, cfg.SwarmKey = "regtest", path
	return cfg
}

func TestSwarmKeyIsRead(t *testing.T) {
	key, err := keyFile(t, goodKey, 0o600).swarmKey()
	if err != nil || len(key) != 32 || key[0] != 0x01 || key[1] != 0x23 {
		t.Fatalf("%x, %v", key, err)
	}
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		says          string
	}{
		{"of others to read", goodKey, 0o644, "chmod 600"},
		{"empty", "", 0o600, "three lines"},
		{"another kind", strings.Replace(goodKey, "psk", "rsa", 1), 0o600, "three lines"},
		{"cut off", goodKey[:len(goodKey)-9], 0o600, "three lines"},
		{"no digits", strings.Replace(goodKey, "0123", "wxyz", 1), 0o600, "three lines"},
	} {
		if _, err := keyFile(t, c.content, c.mode).swarmKey(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestKeyExcludesQUIC(t *testing.T) {
	cfg := keyFile(t, goodKey, 0o600)
	addrs, _ := cfg.listenAddrs()
	if len(addrs) != 2 || !strings.Contains(addrs[0], "/tcp/") || !strings.Contains(addrs[1], "/tcp/") {
		t.Errorf("by default it listens on %v", addrs)
	}
	cfg.Listen = []string{"/ip4/127.0.0.1/udp/8477/quic-v1"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "excludes QUIC") {
		t.Errorf("a QUIC address beside a key: %v", err)
	}
}

// gated makes a host as a node does, listening on loopback.
func gated(t *testing.T, psk pnet.PSK, allowed map[peer.ID]bool, external ...string) host.Host {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Network, cfg.External = "regtest", external
	key, _, err := crypto.GenerateEd25519Key(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := cfg.limits().manager()
	if err != nil {
		t.Fatal(err)
	}
	g := newGater(time.Now, reputation.New(reputation.DefaultConfig(), nil))
	g.allowed = allowed
	h, known, err := newHost(t.Context(), cfg, hostParts{
		key: key, gater: g, peers: store.OpenMemory().View("peerstore"), metrics: NewMetrics().registry, traffic: NewTraffic(), manager: manager, psk: psk,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, close := range []func() error{h.Close, known.Close, manager.Close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	})
	if err := h.Network().Listen(multiaddr.StringCast("/ip4/127.0.0.1/tcp/0")); err != nil {
		t.Fatal(err)
	}
	return h
}

func dialled(t *testing.T, from, to host.Host) error {
	t.Helper()
	return from.Connect(t.Context(), peer.AddrInfo{ID: to.ID(), Addrs: to.Network().ListenAddresses()})
}

// Without the key nothing can be learned but that a port is open, and that what listens
// sends a few bytes that look random: whatever is said to it, in libp2p's words, TLS's,
// HTTP's or Bitcoin's.
func TestStrangersLearnNothingOfAClosedNetwork(t *testing.T) {
	psk, err := keyFile(t, goodKey, 0o600).swarmKey()
	if err != nil {
		t.Fatal(err)
	}
	member, other := gated(t, psk, nil), gated(t, psk, nil)
	at, err := manet.ToNetAddr(member.Network().ListenAddresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	filler := bytes.Repeat([]byte{0}, 200)
	seen := make(map[string]bool)
	for name, words := range map[string]string{
		"libp2p":  "\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n",
		"TLS":     "\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03",
		"HTTP":    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"Bitcoin": "\xf9\xbe\xb4\xd9version\x00\x00\x00\x00\x00",
		"nothing": "",
	} {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		if words != "" {
			if _, err := c.Write(append([]byte(words), filler...)); err != nil {
				t.Fatal(err)
			}
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite() // it may have hung up by now
		}
		heard, _ := io.ReadAll(c) // until it hangs up, with a reset perhaps
		c.Close()
		for _, word := range []string{"multistream", "libp2p", "tls", "noise", "yamux", "pappus", "/", string(member.ID())} {
			if len(word) > 1 && bytes.Contains(heard, []byte(word)) {
				t.Errorf("%s is answered with %q", name, heard)
			}
		}
		// A nonce of 24 bytes and one encrypted line of 20.
		if n := len(heard); n > 44 {
			t.Errorf("%s is answered with %d bytes", name, n)
		}
		for i := 0; i+8 <= len(heard); i += 8 {
			if seen[string(heard[i:i+8])] {
				t.Errorf("%s: what is heard comes twice: %x", name, heard[i:i+8])
			}
			seen[string(heard[i:i+8])] = true
		}
	}
	wrong := bytes.Clone(psk)
	wrong[31] ^= 1
	for name, key := range map[string]pnet.PSK{"no key": nil, "another key": wrong} {
		stranger := gated(t, key, nil)
		if err := dialled(t, stranger, member); err == nil || stranger.Network().Connectedness(member.ID()) == network.Connected {
			t.Errorf("a host with %s is let in: %v", name, err)
		}
		if protocols, _ := stranger.Peerstore().GetProtocols(member.ID()); len(protocols) > 0 {
			t.Errorf("a host with %s has learned %v", name, protocols)
		}
	}
	if err := dialled(t, other, member); err != nil {
		t.Errorf("a member: %v", err)
	}
}

func TestListOfPeersIsKept(t *testing.T) {
	friend, stranger := gated(t, nil, nil), gated(t, nil, nil)
	cfg := DefaultConfig()
	path := filepath.Join(t.TempDir(), "peers")
	if err := os.WriteFile(path, []byte("# ours\n\n"+friend.ID().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Network, cfg.AllowFile = "regtest", path
	cfg.AddNode = []string{"/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"}
	allowed, err := cfg.allowed()
	if err != nil || len(allowed) != 2 {
		t.Fatalf("%v, %v", allowed, err)
	}
	h := gated(t, nil, allowed)
	if err := dialled(t, friend, h); err != nil {
		t.Errorf("a peer on the list: %v", err)
	}
	// The stranger's side may take the connection for made until it is closed.
	if err := dialled(t, stranger, h); err == nil {
		if _, err := stranger.NewStream(t.Context(), h.ID(), "/ipfs/ping/1.0.0"); err == nil {
			t.Error("a stranger opens a stream")
		}
	}
	if h.Network().Connectedness(stranger.ID()) == network.Connected {
		t.Error("a stranger is linked")
	}
	if err := dialled(t, h, stranger); err == nil {
		t.Error("a stranger is dialled")
	}
	k := newKeeper(h, nil, named{})
	k.admits = newGater(time.Now, reputation.New(reputation.DefaultConfig(), nil)).admits
	if err := k.Add(peer.AddrInfo{ID: stranger.ID()}); err != nil {
		t.Errorf("without a list: %v", err)
	}
	k.admits = func(p peer.ID) bool { return allowed[p] }
	if err := k.Add(peer.AddrInfo{ID: peer.ID("x")}); err == nil || !strings.Contains(err.Error(), "--allow-peer") {
		t.Errorf("a stranger is to be kept: %v", err)
	}
	cfg.AllowPeer = []string{"nobody"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "not a peer id") {
		t.Errorf("nonsense on the list: %v", err)
	}
}
