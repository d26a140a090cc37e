package relay

import (
	"fmt"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/relay/ask"
	"github.com/pappus-network/pappus/relay/spread"
	"github.com/pappus-network/pappus/relay/stempool"
)

// Config is all that can be set about spreading transactions.
type Config struct {
	Broadcast Kind // how transactions spread
	Fluff     Kind // how Dandelion's spread after their stem: Gossip or Diffusion

	Dandelion dandelion.Config
	Stempool  stempool.Config
	Flooding  spread.Config
	Diffusion spread.Config
	Ask       ask.Config
}

// DefaultConfig returns Dandelion that fluffs into gossipsub.
func DefaultConfig() Config {
	return Config{
		Broadcast: Dandelion,
		Fluff:     Gossip,
		Dandelion: dandelion.DefaultConfig(),
		Stempool:  stempool.DefaultConfig(),
		Flooding:  spread.Flooding(),
		Diffusion: spread.Diffusion(),
		Ask:       ask.DefaultConfig(),
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch c.Broadcast {
	case Dandelion, Gossip, Diffusion, Flood:
	default:
		return fmt.Errorf("broadcast %q is not known: choose dandelion, gossip, diffusion or flood", c.Broadcast)
	}
	if c.Fluff != Gossip && c.Fluff != Diffusion {
		return fmt.Errorf("fluff %q is not known: choose gossip or diffusion", c.Fluff)
	}
	for _, v := range []interface{ Validate() error }{c.Dandelion, c.Stempool, c.Flooding, c.Diffusion, c.Ask} {
		if err := v.Validate(); err != nil {
			return err
		}
	}
	return nil
}
