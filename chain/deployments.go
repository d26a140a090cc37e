package chain

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// Deployment is a change of the rules that miners signal for (BIP 9).
type Deployment struct {
	Name       string // bitcoind's
	State      string // defined, started, locked_in, active or failed, for the block after the tip
	Bit        uint8
	Start, End time.Time // zero: always, never
	MinHeight  uint32
}

// Deployments returns what the rules' changes have come to. It may wait for a block under
// validation.
func (c *Chain) Deployments() ([]Deployment, error) {
	consensus, done := c.use()
	defer done()
	var all []Deployment
	for _, x := range []struct {
		name string
		id   uint32
	}{{"csv", chaincfg.DeploymentCSV}, {"segwit", chaincfg.DeploymentSegwit}, {"taproot", chaincfg.DeploymentTaproot}} {
		state, err := consensus.ThresholdState(x.id)
		if err != nil {
			return nil, fmt.Errorf("state of %s: %w", x.name, err)
		}
		rules := &c.own.Deployments[x.id]
		d := Deployment{Name: x.name, State: stateName(state), Bit: rules.BitNumber, MinHeight: rules.MinActivationHeight}
		if s, ok := rules.DeploymentStarter.(*chaincfg.MedianTimeDeploymentStarter); ok {
			d.Start = s.StartTime()
		}
		if e, ok := rules.DeploymentEnder.(*chaincfg.MedianTimeDeploymentEnder); ok {
			d.End = e.EndTime()
		}
		all = append(all, d)
	}
	return all, nil
}

// stateName is BIP 9's word.
func stateName(state blockchain.ThresholdState) string {
	switch state {
	case blockchain.ThresholdStarted:
		return "started"
	case blockchain.ThresholdLockedIn:
		return "locked_in"
	case blockchain.ThresholdActive:
		return "active"
	case blockchain.ThresholdFailed:
		return "failed"
	default:
		return "defined"
	}
}
