package dandelion

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Routing says which of the stem peers a transaction takes.
type Routing int

// The routings, for measurement; nodes use the first.
const (
	PerEdge  Routing = iota // each inbound edge is mapped to one stem, at random
	OneToOne                // each to the stem that has fewest, as BIP 156 has it
	PerTx                   // drawn for each transaction: open to fingerprints (BIP 156, figure 3)
	AllToOne                // one stem for everything
)

// Diffusing says how a node decides that a stem ends with it.
type Diffusing int

// The ways to decide.
const (
	PerEpoch Diffusing = iota // once an epoch, for all that it relays
	PerHop                    // for each transaction
)

var (
	routings   = []string{PerEdge: "per-edge", OneToOne: "one-to-one", PerTx: "per-tx", AllToOne: "all-to-one"}
	diffusings = []string{PerEpoch: "per-epoch", PerHop: "per-hop"}
)

// String returns the routing's name.
func (r Routing) String() string { return routings[r] }

// String returns the way's name.
func (d Diffusing) String() string { return diffusings[d] }

// ParseRouting reads a routing's name.
func ParseRouting(name string) (Routing, error) {
	i := slices.Index(routings, name)
	if i < 0 {
		return 0, fmt.Errorf("route %q is not known: choose %s", name, strings.Join(routings, ", "))
	}
	return Routing(i), nil
}

// ParseDiffusing reads the name of a way to decide.
func ParseDiffusing(name string) (Diffusing, error) {
	i := slices.Index(diffusings, name)
	if i < 0 {
		return 0, fmt.Errorf("diffusing %q is not known: choose %s", name, strings.Join(diffusings, " or "))
	}
	return Diffusing(i), nil
}

// The embargo of the deployed configuration: with a mean of 16.6 s nine stems of
// ten have gone 5 hops of 175 ms before an embargo of theirs ends. Source: Dandelion++,
// proposition 3; 175 ms is half of Bitcoin's 300 ms a hop with room for a
// validation, as pushed streams need no request.
const (
	embargoHops    = 5
	embargoFailure = 0.1
	embargoHop     = 175 * time.Millisecond
)

// Config is plain data; it says how a router routes.
type Config struct {
	Routing     Routing
	Diffusing   Diffusing
	Stems       int           // peers an epoch
	FluffChance float64       // 0..1
	Epoch       time.Duration // at least, and
	EpochJitter time.Duration // at most so much longer, uniform
	Embargo     time.Duration // mean
}

// DefaultConfig returns the settings of every node of the network: 2 stems, an
// epoch of 600 s + U(0, 30 s), q = 0.1. Sources: Dandelion++ §5; Monero's
// cryptonote_config.h for the jitter.
func DefaultConfig() Config {
	return Config{
		Stems:       2,
		FluffChance: 0.1,
		Epoch:       10 * time.Minute,
		EpochJitter: 30 * time.Second,
		Embargo:     EmbargoMean(embargoHops, embargoFailure, embargoHop),
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Routing < PerEdge || c.Routing > AllToOne:
		return fmt.Errorf("routing %d is not known", int(c.Routing))
	case c.Diffusing != PerEpoch && c.Diffusing != PerHop:
		return fmt.Errorf("diffusing %d is not known", int(c.Diffusing))
	case c.Stems < 1:
		return fmt.Errorf("%d stem peers: there must be one at least", c.Stems)
	case !(c.FluffChance >= 0 && c.FluffChance <= 1): // not a number is neither
		return fmt.Errorf("fluff chance %v is not between 0 and 1", c.FluffChance)
	case c.Epoch <= 0:
		return fmt.Errorf("epoch %v is not above 0", c.Epoch)
	case c.EpochJitter < 0:
		return fmt.Errorf("epoch jitter %v is below 0", c.EpochJitter)
	case c.Embargo <= 0:
		return fmt.Errorf("embargo %v is not above 0", c.Embargo)
	}
	return nil
}

// EmbargoMean returns the least mean of an embargo under which, but for the given
// share of failures, a stem of so many hops is not cut short by anybody's
// embargo: −k(k−1)·δ / (2 ln(1−ε)), with the natural logarithm. Monero has used
// the decimal one, and an embargo 2.3 times as long (monero #9295). Source:
// Dandelion++, proposition 3.
func EmbargoMean(hops int, failure float64, hop time.Duration) time.Duration {
	k := float64(hops)
	return time.Duration(-k * (k - 1) * float64(hop) / (2 * math.Log(1-failure)))
}
