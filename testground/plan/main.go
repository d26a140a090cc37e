// Command plan is one instance of the plan: Testground, or launch, starts as many as
// it is told to.
package main

import (
	"github.com/testground/sdk-go/run"

	"github.com/pappus-network/pappus/testground/cases"
)

func main() {
	// The SDK would serve profiles and metrics on every interface; a name that is set
	// keeps it from that.
	run.HTTPListenAddr = "off"
	run.InvokeMap(cases.All())
}
