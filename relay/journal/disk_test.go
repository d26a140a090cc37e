package journal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/store"
)

// counted is a view that counts syncs, and fails when told so.
type counted struct {
	datastore.Batching
	fails bool
	syncs int
}

func (c *counted) Batch(ctx context.Context) (datastore.Batch, error) {
	if c.fails {
		return nil, errors.New("no room")
	}
	return c.Batching.Batch(ctx)
}

func (c *counted) Sync(ctx context.Context, k datastore.Key) error {
	c.syncs++
	return c.Batching.Sync(ctx, k)
}

// What was submitted is on disk when the call returns, whatever comes after it.
func TestSubmissionOutlivesACrash(t *testing.T) {
	view := &counted{Batching: store.OpenMemory().View("journal")}
	hash := submit(t, open(t, view), start(), tx(1))
	if view.syncs != 1 {
		t.Errorf("%d syncs: a power cut loses it", view.syncs)
	}
	again := open(t, view)
	wantState(t, again, hash, Waiting)
	if !again.Awaits() {
		t.Error("it is not on its way")
	}
}

// What could not be noted is not sent, and so must not be there; nor may it push out
// what was there before.
func TestSubmissionFailsWhole(t *testing.T) {
	view := &counted{Batching: store.OpenMemory().View("journal")}
	j := open(t, view)
	old := submit(t, j, start(), tx(1))
	j.Dropped(at(1), old, "expired")
	view.fails = true
	for n := range uint32(2) {
		if err := j.Submitted(t.Context(), at(2), tx(n+1), raw(t, tx(n+1))); err == nil {
			t.Fatal("nothing failed")
		}
	}
	wantState(t, j, old, Dropped)
	if j.Owns(*tx(2).Hash()) {
		t.Error("it is noted")
	}
	view.fails = false
	flush(t, j)
	j = open(t, view)
	wantState(t, j, old, Dropped)
	if len(j.List()) != 1 {
		t.Error("it is on disk")
	}
}

// A crash loses a second; a stop loses nothing.
func TestRunWritesEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		view := store.OpenMemory().View("journal")
		j := open(t, view)
		hash := submit(t, j, time.Now(), tx(1))
		old := submit(t, j, time.Now(), tx(2))
		j.Dropped(time.Now(), old, "expired")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- j.Run(ctx) }()
		j.Stemmed(time.Now(), hash, time.Now())
		time.Sleep(flushEvery + time.Millisecond)
		wantState(t, open(t, view), hash, Stemmed)
		time.Sleep(keepOver + pruneEvery)
		if j.Owns(old) || !j.Owns(hash) {
			t.Error("what is over is kept for ever")
		}
		j.Fluffed(time.Now(), hash, "embargo")
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		wantState(t, open(t, view), hash, Fluffed)
	})
}

func TestJournalOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var hash chainhash.Hash
	for round := range 3 {
		s, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		j := open(t, s.View("journal"))
		if round == 0 {
			hash = submit(t, j, start(), tx(1))
		} else {
			wantState(t, j, hash, [...]State{"", Waiting, Mined}[round])
		}
		if round == 1 {
			j.Mined(at(1), hash, 7, chainhash.Hash{7})
			flush(t, j)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// It is asked and told by many at once.
func TestJournalIsSafeForConcurrentUse(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	var group sync.WaitGroup
	for i := range uint32(8) {
		group.Go(func() {
			for n := range uint32(50) {
				own := tx(100*i + n)
				if err := j.Submitted(t.Context(), start(), own, raw(t, own)); err != nil {
					t.Error(err)
				}
				j.Stemmed(start(), *own.Hash(), at(1))
				j.SeenFrom(at(1), *tx(n).Hash(), peer.ID(fmt.Sprint(i)), "g")
				j.Fluffed(at(2), *own.Hash(), "others")
				_ = j.List()
				if err := j.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, e := range open(t, view).List() {
		if now, _ := j.Entry(e.Tx); now.Peers != e.Peers || now.State != e.State {
			t.Errorf("on disk %+v, in memory %+v", e, now)
		}
	}
	if n := len(j.List()); n != 400 {
		t.Errorf("%d entries", n)
	}
}
