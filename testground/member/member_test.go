package member_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/testground/member"
)

// start runs a node within the test.
func start(t *testing.T, ctx context.Context, dir string) *member.Member { //nolint:revive // a test's t comes first
	t.Helper()
	m, err := member.New(member.Settings{DataDir: dir, Listen: "/ip4/127.0.0.1/tcp/0", Broadcast: "flood", Fluff: "gossip"}, filepath.Join(dir, "node.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := m.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return m
}

// Two real nodes: the log tells what the diary waits for, in the words that it knows. If
// a node's log changes, this fails and not a run of Testground.
func TestTheDiaryUnderstandsTheNode(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, b := start(t, ctx, t.TempDir()), start(t, ctx, t.TempDir())
	blocks, err := a.Mine(ctx, 101)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Link(ctx, a.Addr()); err != nil {
		t.Fatal(err)
	}
	last := blocks[len(blocks)-1]
	if err := b.Await(ctx, "have the chain", func() bool {
		_, ok := b.Diary.Connected(last)
		return ok
	}); err != nil {
		t.Fatal(err)
	}
	if tip, err := b.Tip(ctx); err != nil || tip != last {
		t.Errorf("tip %s, %v", tip, err)
	}
	block, err := a.Block(ctx, blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	tx := purse.Pay(purse.Payment{Fee: 1000}, purse.Mined(block)...)
	if err := a.Send(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := b.Await(ctx, "have the transaction", func() bool {
		_, ok := b.Diary.Accepted(tx.Hash().String())
		return ok
	}); err != nil {
		t.Fatal(err)
	}
	if heard := b.Diary.Heard(); len(heard) == 0 || heard[0].Tx != tx.Hash().String() || heard[0].Peer != a.ID() || heard[0].Stem {
		t.Errorf("heard of %+v, and %s is %s's", heard, tx.Hash(), a.ID())
	}

	// It goes, and comes back where it was.
	addr := b.Addr()
	b.Kill()
	if err := b.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if tip, err := b.Tip(ctx); err != nil || tip != last || b.Addr() != addr {
		t.Errorf("tip %s at %s, %v; it was %s at %s", tip, b.Addr(), err, last, addr)
	}

	// Closing links twice is no error.
	for range 2 {
		if err := errors.Join(b.Unlink(ctx, a.ID()), b.Disconnect(ctx, a.ID())); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(a.Stop(ctx), b.Stop(ctx)); err != nil {
		t.Error(err)
	}
}

func TestAProgramThatIsNoneIsTold(t *testing.T) {
	for binary, want := range map[string]string{"/nonexistent/pappus": "no such file", "/bin/false": "ended by itself"} {
		m, err := member.New(member.Settings{Binary: binary, DataDir: t.TempDir(), Listen: "/ip4/127.0.0.1/tcp/0"}, filepath.Join(t.TempDir(), "node.log"))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Start(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", binary, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
