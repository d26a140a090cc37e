package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/discovery/slots"
	"github.com/pappus-network/pappus/relay/ask"
	"github.com/pappus-network/pappus/relay/spread"
)

// Mechanism is how transactions spread.
type Mechanism string

// The mechanisms there are. The first three are the node's own policies; gossip is
// a model of gossipsub's mesh; trickle is what Bitcoin did before 2015 and what
// diffusion is compared with.
const (
	Flood     Mechanism = "flood"
	Diffusion Mechanism = "diffusion"
	Dandelion Mechanism = "dandelion"
	Gossip    Mechanism = "gossip"
	Trickle   Mechanism = "trickle"
)

// Config is one run: a network on a given graph, a mechanism, an adversary and a
// load. It is plain data; equal configurations on equal graphs give equal traces.
type Config struct {
	Seed uint64

	Mechanism Mechanism
	Fluff     Mechanism // what follows a stem: any but Dandelion

	Dandelion dandelion.Config
	Flooding  spread.Config
	Diffusion spread.Config
	Mesh      Mesh
	Ask       ask.Config
	// Push makes an announcement carry the transaction, as the papers model it.
	// Otherwise it is asked for, by the node's own rules.
	Push bool
	// Exclusive makes every link one that both ends count as dialled: each has a
	// timer of its own there. The papers' diffusion knows no other.
	Exclusive bool
	// Claims makes a trickling node, when it gets a transaction, take all peers that
	// neither have it nor are taken: nobody else will tell those, however late it comes
	// to them. Otherwise a peer is passed over only once it has the transaction.
	Claims bool `json:",omitempty"` // left out, the seeds of what came before it stay

	Links     Links
	Faults    Faults
	Adversary Adversary
	Load      Load

	// Watch is a transaction whose every step is kept, by its number; -1 = none.
	Watch int
}

// Mesh is the model of a gossipsub mesh.
type Mesh struct {
	Low, Degree, High int           // D_lo, D, D_hi
	Lazy              int           // peers told of a message's id at a heartbeat; 0 = none
	Heartbeat         time.Duration // between two
	History           int           // heartbeats at which an id is told
}

// Timing is what a link promises of its delays (mechanisms 33–35).
type Timing string

// The models there are.
const (
	Synchronous  Timing = "synchronous"  // delays have a bound
	Partial      Timing = "partial"      // they have one after a time that nobody knows
	Asynchronous Timing = "asynchronous" // they are finite, and that is all
)

// Links are the delays and the losses of links.
type Links struct {
	// Median is a link's one-way delay, Sigma the logarithm's standard deviation
	// among links: 0 = all alike. A pair of nodes has one delay.
	Median time.Duration
	Sigma  float64
	// Far is added for the whole diameter of the map, and in proportion below
	// it (mechanism 72). It takes a graph with places.
	Far time.Duration
	// Jitter is the mean of an exponential delay drawn for each message.
	Jitter time.Duration
	Timing Timing
	// Stable is when delays become bounded, with [Partial].
	Stable time.Duration
	Loss   float64 // 0..1, of messages that never come
	// Bandwidth is what a node sends, bytes a second; 0 = any amount.
	Bandwidth float64
	// Validation is what a node takes over a transaction before it passes it on.
	Validation time.Duration
}

// Faults are what goes wrong (mechanisms 25, 28–32).
type Faults struct {
	Slow       float64       // share of nodes that take SlowBy longer over everything
	SlowBy     time.Duration //
	Crashed    float64       // share of nodes that are gone at CrashAt, for good
	CrashAt    time.Duration //
	Up, Down   time.Duration // means of exponential times; 0 = no churn
	SplitAt    time.Duration // the network falls into halves, and
	HealAt     time.Duration // is whole again; equal = never
	Rotation   slots.Config  // of outbound links; a zero mean = static
	Reconcile  time.Duration // mean time between two questions for a peer's mempool; 0 = none
	BlackHoles float64       // share of nodes that swallow stems and all else
}

// Kind is what an adversary is.
type Kind string

// The kinds there are.
const (
	NoAdversary Kind = ""
	Spies       Kind = "spies"     // nodes of the network, a share of them
	Supernode   Kind = "supernode" // one that is connected to every node
)

// Adversary sees transactions pass (mechanisms 86–91).
type Adversary struct {
	Kind Kind
	// Share of the nodes that are spies, 0..1, rounded down.
	Share float64
	// DialAll makes every spy dial every node.
	DialAll bool
	// Silent spies relay nothing.
	Silent bool
	// Theta is how many connections the supernode makes to each node.
	Theta int
	// Inbound says that nodes treat the supernode as one that has dialled them,
	// which it has: it shares their timer for such peers.
	Inbound bool
	// Keep is how many sightings of a transaction are kept, the first; 0 = all.
	Keep int
}

// Source says who sends transactions.
type Source string

// The ways to choose.
const (
	Each   Source = "each"   // each honest node one a round, as precision wants it
	Random Source = "random" // honest nodes drawn with replacement
	Same   Source = "same"   // one honest node all of a round
)

// Load is what is sent. A round begins with nodes that know nothing, on the same
// graph with the same spies.
type Load struct {
	Rounds   int
	Source   Source
	Count    int           // transactions a round, unless each node sends one
	Interval time.Duration // mean of the exponential time between two; 0 = all at once
	Bytes    int           // size of a transaction
	// Settle is how long a transaction is followed after everybody has it, so
	// that what is sent in vain is counted too.
	Settle time.Duration
	// Limit is how long it is followed at most.
	Limit time.Duration
	// FirstSighting ends a transaction's story when the adversary sees it.
	FirstSighting bool
}

// DefaultConfig returns the node's own settings on links with a median of 50 ms,
// σ 0.6, without faults or adversary, and 100 transactions of 250 bytes.
func DefaultConfig() Config {
	return Config{
		Mechanism: Dandelion,
		Fluff:     Gossip,
		Dandelion: dandelion.DefaultConfig(),
		Flooding:  spread.Flooding(),
		Diffusion: spread.Diffusion(),
		Mesh:      DefaultMesh(),
		Ask:       ask.DefaultConfig(),
		// The reference model of this project, after Moedinger et al. 2020 for the
		// shape; internal/relaybench uses the same on real hosts.
		Links: Links{Median: 50 * time.Millisecond, Sigma: 0.6, Timing: Synchronous},
		// A transaction with one input and two outputs, P2WPKH, is 222 bytes.
		Load:  Load{Rounds: 1, Source: Random, Count: 100, Interval: time.Second, Bytes: 250, Settle: 20 * time.Second, Limit: 10 * time.Minute},
		Watch: -1,
	}
}

// DefaultMesh returns go-libp2p-pubsub's parameters (GossipSubDlo and so on).
func DefaultMesh() Mesh {
	return Mesh{Low: 5, Degree: 6, High: 12, Lazy: 6, Heartbeat: time.Second, History: 3}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if err := c.mechanisms(); err != nil {
		return err
	}
	for _, v := range []interface{ Validate() error }{c.Dandelion, c.Flooding, c.Diffusion, c.Ask, c.Mesh, c.Links, c.Faults, c.Adversary, c.Load} {
		if err := v.Validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) mechanisms() error {
	switch c.Mechanism {
	case Flood, Diffusion, Gossip, Trickle:
		return nil
	case Dandelion:
	default:
		return fmt.Errorf("mechanism %q is not known: choose flood, diffusion, gossip, dandelion or trickle", c.Mechanism)
	}
	switch c.Fluff {
	case Flood, Diffusion, Gossip, Trickle:
		return nil
	case Dandelion:
	}
	return fmt.Errorf("fluff %q is not known: choose gossip, diffusion, flood or trickle", c.Fluff)
}

// Validate reports the first setting that cannot work.
func (m Mesh) Validate() error {
	if m.Low < 1 || m.Degree < m.Low || m.High < m.Degree {
		return fmt.Errorf("mesh of %d, %d, %d peers: 1 ≤ low ≤ degree ≤ high", m.Low, m.Degree, m.High)
	}
	if m.Lazy < 0 || m.History < 0 || m.Lazy > 0 && m.Heartbeat <= 0 {
		return errors.New("mesh: lazy and history are not below 0, and the heartbeat is above 0")
	}
	return nil
}

// Validate reports the first setting that cannot work.
func (l Links) Validate() error {
	switch {
	case l.Median < 0 || l.Far < 0 || l.Jitter < 0 || l.Stable < 0 || l.Validation < 0:
		return errors.New("links: a delay is below 0")
	case !(l.Sigma >= 0 && l.Sigma <= 5):
		return fmt.Errorf("links: sigma %v is not between 0 and 5", l.Sigma)
	case l.Timing != Synchronous && l.Timing != Partial && l.Timing != Asynchronous:
		return fmt.Errorf("links: timing %q is not known: choose synchronous, partial or asynchronous", l.Timing)
	case !(l.Bandwidth >= 0):
		return fmt.Errorf("links: bandwidth %v is below 0", l.Bandwidth)
	}
	return share("links: loss", l.Loss)
}

// Validate reports the first setting that cannot work.
func (f Faults) Validate() error {
	switch {
	case f.SlowBy < 0 || f.CrashAt < 0 || f.Up < 0 || f.Down < 0 || f.SplitAt < 0 || f.Reconcile < 0 || f.Rotation.Mean < 0:
		return errors.New("faults: a time is below 0")
	case (f.Up > 0) != (f.Down > 0):
		return errors.New("faults: churn takes both up and down")
	case f.HealAt < f.SplitAt:
		return fmt.Errorf("faults: the network heals at %v, before it splits at %v", f.HealAt, f.SplitAt)
	}
	return errors.Join(share("faults: slow", f.Slow), share("faults: crashed", f.Crashed), share("faults: black_holes", f.BlackHoles))
}

// Validate reports the first setting that cannot work.
func (a Adversary) Validate() error {
	switch {
	case a.Kind != NoAdversary && a.Kind != Spies && a.Kind != Supernode:
		return fmt.Errorf("adversary %q is not known: choose spies or supernode", a.Kind)
	case a.Kind == Supernode && a.Theta < 1:
		return fmt.Errorf("adversary: theta %d: a supernode has one connection to each node at least", a.Theta)
	case a.Keep < 0:
		return fmt.Errorf("adversary: keep %d is below 0", a.Keep)
	}
	return share("adversary: p", a.Share)
}

// Validate reports the first setting that cannot work.
func (l Load) Validate() error {
	switch {
	case l.Rounds < 1:
		return fmt.Errorf("load: %d rounds: one at least", l.Rounds)
	case l.Source != Each && l.Source != Random && l.Source != Same:
		return fmt.Errorf("load: source %q is not known: choose each, random or same", l.Source)
	case l.Source != Each && l.Count < 1:
		return fmt.Errorf("load: %d transactions: one at least", l.Count)
	case l.Interval < 0 || l.Settle < 0:
		return errors.New("load: a time is below 0")
	case l.Limit <= 0:
		return fmt.Errorf("load: limit %v is not above 0", l.Limit)
	case l.Bytes < 0:
		return fmt.Errorf("load: %d bytes is below 0", l.Bytes)
	}
	return nil
}

func share(name string, v float64) error {
	if !(v >= 0 && v <= 1) { // not a number is neither
		return fmt.Errorf("%s: %v is not between 0 and 1", name, v)
	}
	return nil
}
