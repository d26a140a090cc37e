package blocksync

import (
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/objects"
)

func TestSyncFetchesMutatedBlocksFromOthers(t *testing.T) {
	// The client sees most mutations, the chain the rest.
	for _, who := range []string{"client", "chain"} {
		t.Run(who, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				all := blocks(300)
				w.start()
				bad, good := w.stranger("bad", all), w.stranger("good", all)
				bad.sends = func(b *btcutil.Block) (objects.Result, error) {
					body := chaingen.Copy(b)
					if b.Height()%10 != 0 {
						return objects.Result{Hash: *b.Hash(), Block: body, Bytes: 300}, nil
					}
					if who == "client" {
						return objects.Result{Hash: *b.Hash()}, exchange.Charge(bad.id, events.MutatedBlock, "merkle root")
					}
					w.chain.mu.Lock()
					w.chain.mutated[body] = true
					w.chain.mu.Unlock()
					return objects.Result{Hash: *b.Hash(), Block: body, Bytes: 300}, nil
				}
				w.join(bad)
				w.join(good)
				w.synced(all[299], time.Minute)
				if !w.charged(bad, events.MutatedBlock) {
					t.Error("who sent mutated blocks is not charged")
				}
				if len(w.faults(good)) > 0 {
					t.Errorf("the honest peer is charged: %v", w.faults(good))
				}
			})
		})
	}
}

func TestSyncLeavesAnInvalidBranch(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		b := chaingen.NewBuilder(params, 1)
		honest := b.Extend(100)
		b.Fork(50)
		b.Extend(70)
		invalid := b.Chain() // 120 blocks, more work
		bad := *invalid[59].Hash()
		w.chain.verdicts[bad] = &chain.BlockError{Hash: bad, Reason: events.InvalidBlock, Err: errors.New("bad script")}
		w.start()
		liar := w.peer("liar", invalid)
		time.Sleep(20 * time.Second)
		if h := w.chain.Tip().Height; h != 59 {
			t.Errorf("the tip is at %d instead of below the invalid block", h)
		}
		good := w.peer("good", honest)
		w.synced(honest[99], time.Minute)
		if !w.charged(liar, events.InvalidBlock) || !w.bans[liar.id] {
			t.Error("who sent the invalid block is not banned")
		}
		if len(w.faults(good)) > 0 {
			t.Errorf("the honest peer is charged: %v", w.faults(good))
		}
	})
}

func TestSyncAsksOthersForWhatAPeerLacks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(400)
		w.start()
		pruned := w.stranger("pruned", all)
		pruned.lacks = func(height int) bool { return height <= 200 }
		w.join(pruned)
		w.peer("archive", all)
		w.synced(all[399], time.Minute)
		if !w.charged(pruned, events.NotFound) {
			t.Error("who lacks blocks of its chain is not charged")
		}
	})
}

// A peer that is catching up itself sends headers before it has their blocks. It is asked, and
// nothing is held against it.
func TestWhoIsCatchingUpIsNotCharged(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(400)
		w.start()
		young := w.stranger("young", all)
		young.lacks = func(height int) bool { return height > 0 }
		w.sync.Join(young.id, *params.GenesisHash, 0, true)
		w.peer("archive", all)
		w.synced(all[399], time.Minute)
		if w.charged(young, events.NotFound) {
			t.Error("who has not said to have a block is charged for it")
		}
	})
}

func TestSyncChargesForTheWrongBlock(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(100)
		w.start()
		bad := w.stranger("bad", all)
		bad.sends = func(*btcutil.Block) (objects.Result, error) {
			return objects.Result{Hash: *all[0].Hash(), Block: all[0], Bytes: 300}, nil
		}
		w.join(bad)
		w.peer("good", all)
		w.synced(all[99], time.Minute)
		if !w.charged(bad, events.WrongBlock) {
			t.Error("who sent another block is not charged")
		}
	})
}

func TestSyncRetriesABrokenPeer(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(100)
		w.start()
		p := w.stranger("a", all)
		p.refuse = exchange.Charge(p.id, events.Busy, "too many requests")
		w.join(p)
		time.Sleep(time.Minute)
		w.mu.Lock()
		p.refuse = nil
		if n := len(w.charges[p.id]); n > 10 {
			t.Errorf("it was tried %d times in a minute", n)
		}
		w.mu.Unlock()
		w.synced(all[99], 3*time.Minute)
	})
}

func TestSyncMeetsAPeerThatLiesAboutItsHeight(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(2500)
		w.start()
		liar := w.stranger("liar", nil)
		w.sync.Join(liar.id, chainhash.Hash{1}, 1<<31-1, true)
		time.Sleep(time.Minute)
		if p := w.sync.Progress(); p.HeaderHeight != 0 || p.InFlight != 0 {
			t.Errorf("it believes the liar: %+v", p)
		}
		w.peer("honest", all)
		w.synced(all[2499], time.Minute)
		if w.count(&liar.opened) > 0 {
			t.Error("the liar was asked for blocks")
		}
	})
}
