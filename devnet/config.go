package devnet

import (
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	// MaxNodes is how many nodes fit on two cores: see docs/measurements.md for what they
	// take.
	MaxNodes = 100
	// mostOutbound is how many links a node opens in a large network. Source: Bitcoin Core's
	// MAX_OUTBOUND_FULL_RELAY_CONNECTIONS.
	mostOutbound = 8
	// leastOutbound is what Dandelion needs: two stems.
	leastOutbound = 2
)

// Config is all that can be set. It is plain data.
type Config struct {
	Nodes    int
	Outbound int // links that each node opens; 0 = by the number of nodes

	Blocks   time.Duration // mean time between two blocks; 0 = none are mined by themselves
	Payments time.Duration // mean time between two transactions; 0 = none are sent by themselves
	Embargo  time.Duration // mean of Dandelion's embargoes

	// Program runs each node in a process of its own, as pappus node; empty = all nodes are
	// in this process.
	Program string

	Dir  string // where the nodes' folders are
	Keep bool   // they stay when the network ends, and are taken up again
	At   string // folder with the files that tell where the network is reached
	API  string // HOST:PORT of the dashboard, port 0 = any free one
	// NodeAPIs gives each node an API of its own as well, on any free port; the file api
	// in its folder says which.
	NodeAPIs bool
}

// DefaultConfig returns a network of five that lives in dir and is found at a folder.
func DefaultConfig(dir, at string) Config {
	return Config{
		Nodes: 5, Blocks: 5 * time.Second, Payments: 3 * time.Second, Embargo: 16600 * time.Millisecond,
		Dir: dir, At: at, API: "127.0.0.1:8490",
	}
}

// Validate reports the first setting that cannot work, and what to do about it.
func (c Config) Validate() error {
	switch {
	case c.Nodes < 1 || c.Nodes > MaxNodes:
		return fmt.Errorf("%d nodes: a devnet has 1 to %d", c.Nodes, MaxNodes)
	case c.Outbound < 0:
		return fmt.Errorf("%d outbound links", c.Outbound)
	case c.Blocks < 0 || c.Payments < 0:
		return fmt.Errorf("time between blocks %v, between transactions %v: 0 for none, or more", c.Blocks, c.Payments)
	case c.Embargo <= 0:
		return fmt.Errorf("embargo %v is not above 0", c.Embargo)
	case c.Dir == "" || c.At == "":
		return errors.New("a devnet needs a folder to live in and one to be found at")
	}
	if _, _, err := net.SplitHostPort(c.API); err != nil {
		return fmt.Errorf("api %q is not HOST:PORT (%w): write it like 127.0.0.1:8490", c.API, err)
	}
	return nil
}

// outbound is how many links each node opens.
func (c Config) outbound() int {
	if c.Outbound > 0 {
		return c.Outbound
	}
	return min(max((c.Nodes-1)/2, leastOutbound), mostOutbound)
}
