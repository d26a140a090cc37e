package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/pappus-network/pappus/node"
)

// version is stamped by the build: -ldflags "-X main.version=…".
var version string

type versionCommand struct {
	SBOM   bool   `name:"sbom" help:"Print what the program is made of, as SPDX."`
	Binary string `arg:"" optional:"" help:"With --sbom, another program of this version, as one for another platform."`
}

func (*versionCommand) examples() [2]string {
	return [2]string{
		"pappus version",
		"pappus version --sbom",
	}
}

// Run prints what was built.
func (c *versionCommand) Run(g globals, from provenance, term terminal) error {
	v := buildVersion()
	if c.Binary != "" && !c.SBOM {
		return &usageError{errors.New("a program is named for --sbom only")}
	}
	if c.SBOM {
		path := c.Binary
		if path == "" {
			var err error
			if path, err = os.Executable(); err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
		}
		return printSBOM(path, v, from.environment, term)
	}
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
