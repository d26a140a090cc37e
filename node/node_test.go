package node

import (
	"context"
	"log/slog"
	"testing"

	"github.com/pappus-network/pappus/events"
)

// testLog writes to the test's own output.
func testLog(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// start runs a node on loopback until the test ends, and returns when it is ready.
func start(t *testing.T, cfg Config) *Node {
	t.Helper()
	n, err := New(t.Context(), cfg, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("node ended with %v", err)
		}
	})
	select {
	case <-n.Ready():
	case err := <-ended:
		ended <- err
		t.Fatalf("node is not ready: %v", err)
	}
	return n
}

func testConfig(t *testing.T) Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Network, cfg.DataDir = "regtest", t.TempDir()
	cfg.Listen, cfg.API = []string{"/ip4/127.0.0.1/tcp/0"}, "127.0.0.1:0"
	return cfg
}

// reaches waits until the node has validated the block.
func reaches(t *testing.T, sub *Subscription, n *Node, height int32) {
	t.Helper()
	for n.Chain().Tip().Height < height {
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case e := <-sub.C:
			_, _ = e.(events.BlockConnected)
		}
	}
}

func TestSecondNodeSyncsAndFollows(t *testing.T) {
	a := start(t, testConfig(t))
	if _, err := a.Chain().Mine(t.Context(), a.payTo, 150); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t)
	cfg.Connect = []string{a.Addrs()[0].String()}
	b := start(t, cfg)
	sub := b.Bus().Subscribe()
	defer sub.Close()
	reaches(t, sub, b, 150)
	if a.Chain().Tip().Hash != b.Chain().Tip().Hash {
		t.Errorf("tips differ: %v and %v", a.Chain().Tip(), b.Chain().Tip())
	}
	if _, err := a.Chain().Mine(t.Context(), a.payTo, 1); err != nil {
		t.Fatal(err)
	}
	reaches(t, sub, b, 151)
}
