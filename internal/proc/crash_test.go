package proc_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/proc"
)

// height asks a node how far its validated chain goes.
func height(t *testing.T, p *proc.Process) int32 {
	t.Helper()
	c, err := client.Dial(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var h int32
	if err := c.Call(t.Context(), "getblockcount", nil, &h); err != nil {
		t.Fatalf("%v\n%s", err, p.Log())
	}
	return h
}

// reach asks until the node is at the height, or further.
func reach(t *testing.T, p *proc.Process, want int32) int32 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if h := height(t, p); h >= want {
			return h
		}
		select {
		case <-ctx.Done():
			t.Fatalf("height %d after two minutes, want %d\n%s", height(t, p), want, p.Log())
		case <-tick.C:
		}
	}
}

// TestKilledSyncGoesOn kills a syncing node again and again, also while it takes
// back what it had: what it once reported as validated is there after the next
// start, before any peer is.
func TestKilledSyncGoesOn(t *testing.T) {
	const network = "simnet"
	shape := chaingen.Mixed(180)
	bin := proc.Build(t)
	file := chaingen.File(t, shape)
	serverDir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), bin, "chain", "import", "--network", network, "--datadir", serverDir, file).CombinedOutput()
	if err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
	free := []string{"--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"}
	server := proc.Start(t, bin, network, serverDir, free...)
	last := reach(t, server, 1)

	dir := t.TempDir()
	connect := append([]string{"--connect", server.Addr(t)}, free...)
	for _, at := range []int32{1, last / 4, last / 2, last/2 + 1, last * 3 / 4} {
		p := proc.Start(t, bin, network, dir, connect...)
		before := reach(t, p, at)
		p.Kill()
		p = proc.Start(t, bin, network, dir, free...) // nobody to fetch from
		if h := height(t, p); h < before {
			t.Errorf("height %d after a kill at %d, and no peer", h, before)
		}
		p.Kill()
	}
	p := proc.Start(t, bin, network, dir, connect...)
	reach(t, p, last)
	p.Stop(t)
}
