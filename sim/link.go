package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pappus-network/pappus/sim/graph"
)

// link is one end of a connection: 24 bytes.
type link struct {
	peer    int32
	delay   int32 // one way, µs
	since   int64 // nanoseconds from the beginning of the round
	dialled bool  // by this end
}

// tail is the exponent of the Pareto distribution by which a delay grows that has
// no bound: its mean is 11 times the least, its variance is infinite.
const tail = 1.1

// find returns the place of a peer among links, which ascend.
func find(links []link, peer int32) (int, bool) {
	return slices.BinarySearchFunc(links, peer, func(l link, p int32) int { return int(l.peer) - int(p) })
}

// latency is the delay of the pair, in µs: the same whichever way, drawn from
// nothing but the pair and the seed.
func (n *Network) latency(u, v int32) int32 {
	l := n.cfg.Links
	delay := float64(l.Median)
	if l.Sigma > 0 {
		rng := rand.New(rand.NewPCG(n.cfg.Seed, uint64(min(u, v))<<32|uint64(max(u, v))))
		delay *= math.Exp(l.Sigma * rng.NormFloat64())
	}
	if l.Far > 0 {
		delay += float64(l.Far) * n.graph.Distance(u, v)
	}
	return int32(min(delay/float64(time.Microsecond), math.MaxInt32))
}

// Delays returns how long each link of a network takes, which its configuration, with
// its seed, and its graph decide: what an adversary knows that has measured them. A
// supernode's connections, which have no number, take no time.
func Delays(cfg Config, g *graph.Graph) func(from, to int32) time.Duration {
	n := &Network{cfg: cfg, graph: g}
	return func(from, to int32) time.Duration {
		if to < 0 {
			return 0
		}
		return time.Duration(n.latency(from, to)) * time.Microsecond
	}
}

// travel returns how long a message takes over a link now, and whether it
// arrives.
func (n *Network) travel(from, to int32, base int32, bytes int) (time.Duration, bool) {
	l := &n.cfg.Links
	delay := time.Duration(base) * time.Microsecond
	if l.Jitter > 0 {
		delay += time.Duration(n.rng.ExpFloat64() * float64(l.Jitter))
	}
	if l.Timing == Asynchronous || l.Timing == Partial && n.now < l.Stable {
		delay = time.Duration(min(float64(delay)*math.Pow(1-n.rng.Float64(), -1/tail), float64(time.Hour)))
	}
	if l.Bandwidth > 0 && int(from) < len(n.free) {
		begins := max(n.now, n.free[from])
		n.free[from] = begins + time.Duration(float64(bytes)/l.Bandwidth*float64(time.Second))
		delay += n.free[from] - n.now
	}
	if n.slow != nil && int(from) < len(n.slow) && n.slow[from] {
		delay += n.cfg.Faults.SlowBy
	}
	if l.Loss > 0 && n.rng.Float64() < l.Loss {
		return 0, false
	}
	return delay, !n.apart(from, to)
}

// apart says whether the network is split between two nodes now.
func (n *Network) apart(u, v int32) bool {
	f := &n.cfg.Faults
	if f.HealAt <= f.SplitAt || n.now < f.SplitAt || n.now >= f.HealAt {
		return false
	}
	return int(u) < len(n.side) && int(v) < len(n.side) && n.side[u] != n.side[v]
}
