package blocksync

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/objects"
)

// TestSyncAmongBadPeers runs random networks in which one peer is honest and the
// others fall silent, leave and come back, serve a worse or an invalid branch,
// lack blocks, send wrong or mutated ones, and announce nonsense. The honest
// peer's chain must be reached and the honest peer left alone.
func TestSyncAmongBadPeers(t *testing.T) {
	b := chaingen.NewBuilder(params, 1)
	honest := b.Extend(600)
	b.Fork(350)
	b.Extend(200)
	worse := b.Chain()
	b.Fork(500)
	b.Extend(200)
	invalid := b.Chain() // 700, bad from 520 on
	nonsense := fromGenesis(50, 77)

	seeds := uint64(30)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				r := rand.New(rand.NewPCG(seed, 5))
				bad := *invalid[520].Hash()
				w.chain.verdicts[bad] = &chain.BlockError{Hash: bad, Reason: events.InvalidBlock, Err: errors.New("bad script")}
				w.chain.took = time.Duration(r.IntN(3)) * time.Millisecond
				w.cfg.Schedule.Budget = 1 << (20 + r.IntN(7))
				stop := w.start()
				for i := range 1 + r.IntN(6) {
					p := w.stranger(fmt.Sprintf("bad%d", i), [][]*btcutil.Block{honest, worse, invalid}[r.IntN(3)])
					misbehave(w, p, r)
					w.join(p)
				}
				good := w.stranger("good", honest)
				good.rate, good.delay, good.size = 2e6, 30*time.Millisecond, 50_000 // 15 s for all
				w.join(good)
				for _, p := range w.peers {
					if p != good {
						go trouble(w, p, nonsense, rand.New(rand.NewPCG(seed, uint64(p.id[3]))))
					}
				}
				w.synced(honest[599], 10*time.Minute)
				if f := w.faults(good); len(f) > 0 {
					t.Errorf("the honest peer is charged: %v", f)
				}
				if err := stop(); err != nil {
					t.Errorf("Run returns %v", err)
				}
				time.Sleep(2 * time.Minute) // until the trouble is over
			})
		})
	}
}

// misbehave makes p one kind of bad peer.
func misbehave(w *world, p *fakePeer, r *rand.Rand) {
	p.rate, p.delay, p.size = float64(uint64(50_000)<<r.IntN(8)), time.Duration(r.IntN(200))*time.Millisecond, 50_000
	one := r.IntN(5)
	switch one {
	case 0:
		p.lacks = func(height int) bool { return height%7 == 3 }
	case 1:
		p.sends = func(b *btcutil.Block) (objects.Result, error) {
			return objects.Result{Hash: chainhash.Hash{1}, Block: b, Bytes: 50_000}, nil
		}
	case 2:
		p.sends = func(b *btcutil.Block) (objects.Result, error) {
			return objects.Result{Hash: *b.Hash()}, exchange.Charge(p.id, events.MutatedBlock, "merkle root")
		}
	case 3:
		p.sends = func(b *btcutil.Block) (objects.Result, error) {
			body := chaingen.Copy(b)
			w.chain.mu.Lock()
			defer w.chain.mu.Unlock()
			w.chain.mutated[body] = true
			return objects.Result{Hash: *b.Hash(), Block: body, Bytes: 50_000}, nil
		}
	}
}

// trouble makes p come and go, fall silent and announce for a minute.
func trouble(w *world, p *fakePeer, nonsense []wire.BlockHeader, r *rand.Rand) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
		switch r.IntN(4) {
		case 0:
			w.sync.Leave(p.id)
			time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
			w.join(p)
		case 1, 2:
			w.mu.Lock()
			p.silent = !p.silent
			w.mu.Unlock()
		case 3:
			i := r.IntN(len(nonsense))
			w.sync.Announced(p.id, nonsense[i:])
		}
	}
}
