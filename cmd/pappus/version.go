package main

import (
	"runtime"
	"runtime/debug"

	"github.com/pappus-network/pappus/node"
)

// version is stamped by the build: -ldflags "-X main.version=…".
var version string

type versionCommand struct{}

func (*versionCommand) examples() [2]string {
	return [2]string{
		"pappus version",
		"pappus version --json",
	}
}

// Run prints what was built.
func (*versionCommand) Run(g globals, term terminal) error {
	v := buildVersion()
	if g.JSON {
		return term.printJSON(map[string]string{
			"version": v, "agent": node.Agent, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		})
	}
	return term.printf("pappus %s (%s, %s %s/%s)\n", v, node.Agent, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// buildVersion falls back on what the Go tool knows of a build without a stamp.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
