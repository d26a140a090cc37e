package member

import (
	"path/filepath"
	"time"

	"github.com/pappus-network/pappus/node"
)

// network is the one that every plan runs on: blocks cost nothing there.
const network = "regtest"

// Settings say how a node is run.
type Settings struct {
	Binary  string // path of a pappus program; empty = within this process
	DataDir string
	Listen  string // multiaddr

	Broadcast, Fluff string        // empty = the node's own default
	Embargo          time.Duration // 0 = the same
}

// folder is where the node keeps its files.
func (s Settings) folder() string { return filepath.Join(s.DataDir, network) }

// arguments are the settings as a command line.
func (s Settings) arguments() []string {
	args := []string{
		"node", "--json", "--log-level", "debug", "--network", network, "--datadir", s.DataDir,
		"--listen", s.Listen, "--api", "127.0.0.1:0", "--rotate", "0s", "--outbound", "0",
	}
	if s.Broadcast != "" {
		args = append(args, "--broadcast", s.Broadcast, "--fluff", s.Fluff)
	}
	if s.Embargo != 0 {
		args = append(args, "--embargo", s.Embargo.String())
	}
	return args
}

// config is the same as a configuration.
func (s Settings) config() node.Config {
	cfg := node.DefaultConfig()
	cfg.Network, cfg.DataDir = network, s.DataDir
	cfg.Listen, cfg.API, cfg.Rotate = []string{s.Listen}, "127.0.0.1:0", 0
	cfg.Outbound = 0 // links are the plan's, or the graph would not be what it drew
	if s.Broadcast != "" {
		cfg.Broadcast, cfg.Fluff = s.Broadcast, s.Fluff
	}
	if s.Embargo != 0 {
		cfg.Embargo = s.Embargo
	}
	return cfg
}
