package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/pappus-network/pappus"

// programs returns the paths of the plan and of the node, built into dir unless they
// are named. An empty node runs within the plan.
func programs(ctx context.Context, o options, dir string) (plan, node string, err error) {
	plan, node = o.plan, o.binary
	if plan == "" {
		plan = filepath.Join(dir, "plan")
		if err := build(ctx, ".", plan, module+"/testground/plan"); err != nil {
			return "", "", err
		}
	}
	switch node {
	case "inside":
		node = ""
	case "":
		// From its own module, with the versions that users get.
		root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			return "", "", fmt.Errorf("find the node's module: run launch in the folder testground, or name programs with -plan and -binary: %w", err)
		}
		node = filepath.Join(dir, "pappus")
		if err := build(ctx, strings.TrimSpace(string(root)), node, "./cmd/pappus"); err != nil {
			return "", "", err
		}
	}
	if plan, err = filepath.Abs(plan); err != nil {
		return "", "", err
	}
	if node != "" {
		node, err = filepath.Abs(node)
	}
	return plan, node, err
}

func build(ctx context.Context, in, path, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, pkg)
	cmd.Dir = in
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}
