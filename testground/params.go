package testground

import (
	"fmt"
	"strconv"
	"time"

	"github.com/pappus-network/pappus/relay"
)

// Params are the parameters of all cases, typed. manifest.toml explains them. A case
// reads those that it has.
type Params struct {
	Binary   string
	Degree   int
	Seed     uint64
	Patience time.Duration

	Latency, Jitter time.Duration
	Loss            float64 // percent
	Bandwidth       uint64  // bytes per second, 0 = unlimited

	Mechanism, Fluff string
	Embargo          time.Duration // 0 = the node's own
	Txs              int

	Blocks, Fresh int
	Spies         float64
	Rounds        int
	Leave         float64
	Down          time.Duration
	Cut           time.Duration
}

// Parse reads the parameters of the case. Those that are not given are at their
// defaults, and those of other cases zero.
func (c Case) Parse(given map[string]string) (Params, error) {
	values, err := c.Fill(given)
	if err != nil {
		return Params{}, err
	}
	r := reader(values)
	p := Params{
		Binary: values["binary"], Degree: r.whole("degree"), Seed: uint64(r.whole("seed")), Patience: r.duration("patience"),
		Latency: r.duration("latency"), Jitter: r.duration("jitter"), Loss: r.real("loss"), Bandwidth: uint64(r.whole("bandwidth")),
		Mechanism: values["mechanism"], Fluff: values["fluff"], Embargo: r.duration("embargo"), Txs: r.whole("txs"),
		Blocks: r.whole("blocks"), Fresh: r.whole("fresh"), Spies: r.real("spies"), Rounds: r.whole("rounds"),
		Leave: r.real("leave"), Down: r.duration("down"), Cut: r.duration("cut"),
	}
	return p, p.validate(values)
}

// validate checks what a type alone does not.
func (p Params) validate(values map[string]string) error {
	bad := func(name, rule string) error {
		return fmt.Errorf("%w: %s=%s: %s", ErrBadParam, name, values[name], rule)
	}
	switch {
	case p.Degree < 1:
		return bad("degree", "an instance needs a link")
	case p.Patience == 0:
		return bad("patience", "nothing comes at once")
	case p.Jitter > p.Latency:
		return bad("jitter", "it cannot exceed latency: no packet arrives before it was sent")
	case p.Loss > 100:
		return bad("loss", "it is a percentage")
	case p.Blocks == 0 && values["blocks"] != "":
		return bad("blocks", "there is nothing to sync")
	case p.Spies > 1:
		return bad("spies", "it is a share, from 0 to 1")
	case p.Leave > 1:
		return bad("leave", "it is a share, from 0 to 1")
	}
	if values["mechanism"] == "" { // the case has none
		return nil
	}
	switch relay.Kind(p.Mechanism) {
	case relay.Flood, relay.Diffusion, relay.Gossip, relay.Dandelion:
	default:
		return bad("mechanism", "there are flood, diffusion, gossip and dandelion")
	}
	switch relay.Kind(p.Fluff) {
	case relay.Gossip, relay.Diffusion:
		return nil
	case relay.Flood, relay.Dandelion:
	}
	return bad("fluff", "there are gossip and diffusion")
}

// reader reads values that were checked. A name that the case lacks is zero.
type reader map[string]string

func (r reader) whole(name string) int {
	n, err := strconv.Atoi(r[name])
	if err != nil {
		return 0
	}
	return n
}

func (r reader) real(name string) float64 {
	x, err := strconv.ParseFloat(r[name], 64)
	if err != nil {
		return 0
	}
	return x
}

func (r reader) duration(name string) time.Duration {
	d, err := time.ParseDuration(r[name])
	if err != nil {
		return 0
	}
	return d
}
