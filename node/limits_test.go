package node

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"
)

// limitsOf returns the limits of a configuration that is changed from the default.
func limitsOf(change func(*Config)) limits {
	cfg := DefaultConfig()
	change(&cfg)
	return cfg.limits()
}

func TestSlotsFollowFromTwoSettings(t *testing.T) {
	for _, c := range []struct {
		name                     string
		change                   func(*Config)
		outbound, named, inbound int
		memory                   int64 // MiB
	}{
		{"the default has Bitcoin Core's 114", func(*Config) {}, 10, 0, 114, 125*4 + 64},
		{"a small machine", func(c *Config) { c.MaxPeers = 12 }, 10, 0, 1, 12*4 + 64},
		{"fewer than the usual outbound ones", func(c *Config) { c.MaxPeers = 4 }, 3, 0, 0, 4*4 + 64},
		{"one", func(c *Config) { c.MaxPeers = 1 }, 1, 0, 0, 2*4 + 64},
		{"peers that are named", func(c *Config) { c.AddNode = []string{"a", "b"} }, 10, 2, 112, 125*4 + 64},
		{"named peers alone", func(c *Config) { c.Connect = []string{"a"} }, 0, 1, 124, 125*4 + 64},
		{"little memory", func(c *Config) { c.MaxMemoryMiB = 164 }, 10, 0, 14, 164},
		{"much memory", func(c *Config) { c.MaxMemoryMiB = 4000 }, 10, 0, 114, 4000},
	} {
		l := limitsOf(c.change)
		if l.Outbound != c.outbound || l.Named != c.named || l.Inbound != c.inbound || l.Memory != c.memory<<20 {
			t.Errorf("%s: %+v, want %+v", c.name, l, c)
		}
		// The resource manager refuses and never makes room: it must lie above our slots.
		r := l.resources().ToPartialLimitConfig()
		if int(r.System.ConnsInbound) < l.Inbound+l.Named+l.Handshakes || int(r.System.ConnsOutbound) < l.Outbound+l.Named+feelers+4*8 {
			t.Errorf("%s: the resource manager allows %d in and %d out for %+v", c.name, r.System.ConnsInbound, r.System.ConnsOutbound, l)
		}
		if in, out, all := int(r.System.ConnsInbound), int(r.System.ConnsOutbound), int(r.System.Conns); all < in+out {
			t.Errorf("%s: inbound connections can take the room of outbound ones: %d of %d", c.name, in, all)
		}
		if l.low() <= l.peers() || l.high() <= l.low() {
			t.Errorf("%s: the connection manager trims above %d down to %d, below %d peers", c.name, l.high(), l.low(), l.peers())
		}
	}
}

func TestEveryLimitIsExplained(t *testing.T) {
	cfg := DefaultConfig()
	seen := make(map[string]bool)
	for _, l := range cfg.limits().explain(cfg, 0) {
		if l.Name == "" || l.Unit == "" || l.By == "" || l.Origin == "" || seen[l.Name] {
			t.Errorf("%+v", l)
		}
		seen[l.Name] = true
	}
}

// ask asks a manager for so many inbound connections and says how many it gave.
func ask(t *testing.T, m network.ResourceManager, addr string, n int) (given int) {
	t.Helper()
	for range n {
		if _, err := m.OpenConnection(network.DirInbound, true, multiaddr.StringCast(addr)); err == nil {
			given++
		}
	}
	return given
}

// One host may have eight connections on a public network; on a private one, where
// many nodes share a machine or a subnet, private addresses are not counted.
func TestOneHostHasFewConnections(t *testing.T) {
	for _, c := range []struct {
		network, addr string
		given         int
	}{
		{"mainnet", "/ip4/9.9.9.9/tcp/1", 8},
		{"mainnet", "/ip4/192.168.1.1/tcp/1", 8},
		{"mainnet", "/ip4/127.0.0.1/tcp/1", 20},
		{"regtest", "/ip4/9.9.9.9/tcp/1", 8},
		{"regtest", "/ip4/192.168.1.1/tcp/1", 20},
		{"regtest", "/ip6/fd00::1/tcp/1", 20},
	} {
		m, err := limitsOf(func(cfg *Config) { cfg.Network = c.network }).manager()
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, m, c.addr, 20); got != c.given {
			t.Errorf("%s, %s: %d connections, want %d", c.network, c.addr, got, c.given)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
