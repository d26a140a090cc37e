package chain

import (
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// localClock is the machine's clock in whole seconds, as block headers need it. It
// takes no samples: an attacker's peers could otherwise shift our idea of time.
type localClock struct{}

func (localClock) AdjustedTime() time.Time         { return time.Unix(time.Now().Unix(), 0) }
func (localClock) AddTimeSample(string, time.Time) {}
func (localClock) Offset() time.Duration           { return 0 }

// isolate copies the parameters together with their deployments. btcd ties each
// deployment to the chain that was opened last; chains that share one copy in a
// process would read each other's median time.
func isolate(params *chaincfg.Params) *chaincfg.Params {
	own := *params
	for i := range own.Deployments {
		d := &own.Deployments[i]
		if s, ok := d.DeploymentStarter.(*chaincfg.MedianTimeDeploymentStarter); ok {
			d.DeploymentStarter = chaincfg.NewMedianTimeDeploymentStarter(s.StartTime())
		}
		if e, ok := d.DeploymentEnder.(*chaincfg.MedianTimeDeploymentEnder); ok {
			d.DeploymentEnder = chaincfg.NewMedianTimeDeploymentEnder(e.EndTime())
		}
	}
	return &own
}
