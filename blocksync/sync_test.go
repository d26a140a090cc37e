package blocksync

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

// MB/s of the shaped links, and the size that their blocks pretend to have.
const (
	tenMB     = 10e6
	blockSize = 100_000
)

func shaped(p *fakePeer) {
	p.rate, p.delay, p.size = tenMB, 25*time.Millisecond, blockSize
}

func TestSyncFetchesEverythingInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(5000)
		stop := w.start()
		if p := w.sync.Progress(); !p.Syncing {
			t.Error("it does not call itself syncing before a peer was heard")
		}
		w.peer("a", all)
		w.synced(all[4999], time.Minute)
		for i, h := range w.chain.order() {
			if h != *all[i].Hash() {
				t.Fatalf("block %d was accepted out of order", i)
			}
		}
		time.Sleep(time.Second)
		p := w.sync.Progress()
		if p.Syncing || p.HeaderHeight != 5000 || p.BlockHeight != 5000 || p.Peers != 1 || p.InFlight != 0 || p.Held != 0 {
			t.Errorf("progress at the end is %+v", p)
		}
		if pp, ok := w.sync.PeerProgress("a"); !ok || pp.Header != 5000 || pp.Block != 5000 || pp.LastBlock.IsZero() {
			t.Errorf("the peer's progress is %+v, %t", pp, ok)
		}
		if !w.saw(func(e events.Event) bool {
			added, ok := e.(events.HeadersAdded)
			return ok && added.Height == 5000
		}) {
			t.Error("no event tells of the best header")
		}
		if err := stop(); err != nil {
			t.Errorf("Run returns %v", err)
		}
	})
}

func TestSyncFillsThreeLinks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(3000) // 300 MB, 10 s at 30 MB/s
		w.start()
		for _, name := range []string{"a", "b", "c"} {
			p := w.stranger(name, all)
			shaped(p)
			w.join(p)
		}
		if took := w.synced(all[2999], time.Minute); took > 12500*time.Millisecond {
			t.Errorf("took %v, the links' bound is 10 s", took)
		}
	})
}

func TestSyncSurvivesAStallWithinFiveSeconds(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(2000) // 200 MB
		w.start()
		a, b := w.stranger("a", all), w.stranger("b", all)
		for _, p := range []*fakePeer{a, b} {
			shaped(p)
			w.join(p)
		}
		time.Sleep(3 * time.Second)
		w.mu.Lock()
		a.silent = true
		w.mu.Unlock()
		// 60 MB came from both; b alone needs 14 s for the rest.
		if took := w.synced(all[1999], time.Minute); took > 19*time.Second {
			t.Errorf("took %v after the stall, without it 14 s", took)
		}
		if !w.charged(a, events.Stalled) {
			t.Error("the silent peer is not charged")
		}
		if !w.saw(func(e events.Event) bool { _, ok := e.(events.SyncStalled); return ok }) {
			t.Error("no event tells of the stall")
		}
	})
}

func TestSyncKeepsTheValidatorBusy(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(2000)
		w.chain.took = 10 * time.Millisecond // 20 s in all, the link needs 10 s
		w.start()
		for _, name := range []string{"a", "b"} {
			p := w.stranger(name, all)
			shaped(p)
			w.join(p)
		}
		if took := w.synced(all[1999], time.Minute); took > 20500*time.Millisecond {
			t.Errorf("took %v, validation alone 20 s", took)
		}
	})
}

func TestSyncFollowsABetterChain(t *testing.T) {
	for name, when := range map[string]time.Duration{"when in step": time.Minute, "midway": 40 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				b := chaingen.NewBuilder(params, 1)
				first := b.Extend(500)
				b.Fork(300)
				b.Extend(300)
				second := b.Chain() // 600
				w.chain.took = time.Millisecond
				w.start()
				w.peer("a", first)
				time.Sleep(when)
				w.peer("b", second)
				w.synced(second[599], time.Minute)
				seen := make(map[chainhash.Hash]bool)
				for _, h := range w.chain.order() {
					if seen[h] {
						t.Fatalf("block %v was accepted twice", h)
					}
					seen[h] = true
				}
			})
		})
	}
}

func TestSyncOutlastsEverybodyLeaving(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(1000)
		w.start()
		a, b := w.stranger("a", all), w.stranger("b", all)
		shaped(a)
		shaped(b)
		for range 5 {
			w.join(a)
			w.join(b)
			time.Sleep(700 * time.Millisecond)
			w.sync.Leave(a.id)
			w.sync.Leave(b.id)
			time.Sleep(10 * time.Second)
		}
		w.join(b)
		w.synced(all[999], time.Minute)
		if n := w.count(&a.served) + w.count(&b.served); n > 1600 {
			t.Errorf("%d blocks were asked for in all: what was held is asked for again", n)
		}
	})
}

func TestSyncEndsAtOnce(t *testing.T) {
	for _, after := range []time.Duration{0, time.Millisecond, 30 * time.Millisecond, 500 * time.Millisecond, 5 * time.Second, time.Hour} {
		t.Run(after.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				all := blocks(1000)
				stop := w.start()
				a, b := w.stranger("a", all), w.stranger("b", all)
				shaped(a)
				b.silent = true
				w.join(a)
				w.join(b)
				time.Sleep(after)
				began := time.Now()
				if err := stop(); err != nil {
					t.Errorf("Run returns %v", err)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("it took %v to end", took)
				}
				w.sync.Leave(a.id)
				w.sync.Join("c", chainhash.Hash{}, 0, true)
			})
		})
	}
}

func TestSyncReturnsErrorsOfOurOwn(t *testing.T) {
	full := chain.ErrDiskFull
	t.Run("blocks", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			w.chain.full = full
			stop := w.start()
			w.peer("a", blocks(10))
			time.Sleep(time.Second)
			if err := stop(); !errors.Is(err, full) {
				t.Errorf("Run returns %v", err)
			}
			if w.everybodysFaults() > 0 {
				t.Errorf("peers are charged: %v", w.charges)
			}
		})
	})
	t.Run("headers", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			w.chain.headers = func([]wire.BlockHeader) error { return full }
			stop := w.start()
			w.peer("a", blocks(10))
			time.Sleep(time.Second)
			if err := stop(); !errors.Is(err, full) {
				t.Errorf("Run returns %v", err)
			}
			if w.everybodysFaults() > 0 {
				t.Errorf("peers are charged: %v", w.charges)
			}
		})
	})
}

func TestSyncSkipsWhatOthersBrought(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(20)
		w.start()
		p := w.peer("a", all[:10])
		w.synced(all[9], time.Minute)
		// Ten blocks are mined here; the peer has them by the time it is asked.
		served := w.count(&p.served)
		row := headersOf(all[10:])
		if _, err := w.chain.AcceptHeaders(time.Now(), row); err != nil {
			t.Fatal(err)
		}
		for _, b := range all[10:] {
			if err := w.chain.AcceptChecked(b); err != nil {
				t.Fatal(err)
			}
		}
		w.sync.Refresh()
		w.mu.Lock()
		p.adopt(all)
		w.mu.Unlock()
		w.sync.Announced(p.id, row)
		time.Sleep(5 * time.Minute)
		if w.count(&p.served) != served {
			t.Errorf("%d blocks were fetched that were mined here", w.count(&p.served)-served)
		}
	})
}

func TestSyncIgnoresLightPeersForBlocks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(50)
		w.start()
		light := w.stranger("light", all)
		w.sync.Join(light.id, *all[49].Hash(), 50, false)
		time.Sleep(time.Minute)
		if h := w.chain.tree.Best().Height; h != 50 {
			t.Errorf("the best header is at %d", h)
		}
		if w.count(&light.opened) != 0 {
			t.Error("a light peer was asked for blocks")
		}
		w.peer("full", all)
		w.synced(all[49], time.Minute)
	})
}

func TestSyncRestsBetweenBlocks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(12)
		w.start()
		p := w.peer("a", all[:10])
		w.synced(all[9], time.Minute)
		time.Sleep(time.Hour) // streams are closed meanwhile
		w.mu.Lock()
		p.adopt(all)
		w.mu.Unlock()
		w.sync.Announced(p.id, headersOf(all[10:]))
		if took := w.synced(all[11], time.Minute); took > 100*time.Millisecond {
			t.Errorf("new blocks took %v", took)
		}
		if w.count(&p.opened) != 2 {
			t.Errorf("%d streams for blocks", w.count(&p.opened))
		}
		synctest.Wait()
	})
}
