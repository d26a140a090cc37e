package blocksync

import (
	"testing"
	"time"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// TestSyncDoesNotWaitForWithheldBlocks: headers with the most work whose blocks
// nobody delivers must not keep us from the chain that an honest peer has.
func TestSyncDoesNotWaitForWithheldBlocks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		b := chaingen.NewBuilder(params, 1)
		honest := b.Extend(200)
		b.Fork(150)
		b.Extend(100)
		withheld := b.Chain() // 250
		w.start()
		liar := w.stranger("liar", withheld)
		liar.lacks = func(height int) bool { return height > 150 }
		w.join(liar)
		time.Sleep(time.Second)
		good := w.peer("good", honest[:190])
		if took := w.synced(honest[189], time.Minute); took > 12*time.Second {
			t.Errorf("took %v", took)
		}
		if p := w.sync.Progress(); p.Syncing {
			t.Errorf("still syncing: %+v", p)
		}
		// New blocks of the honest chain come at once, although the headers of
		// the other one still carry more work.
		w.mu.Lock()
		good.adopt(honest)
		w.mu.Unlock()
		w.sync.Announced(good.id, headersOf(honest[190:]))
		if took := w.synced(honest[199], time.Minute); took > 100*time.Millisecond {
			t.Errorf("new blocks took %v", took)
		}
		// The other chain is tried again some time later.
		w.mu.Lock()
		liar.lacks = nil
		w.mu.Unlock()
		w.synced(withheld[249], 15*time.Minute)
	})
}
