package api

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// Fifty that read blocks keep nobody from asking for the height: those who wait for their
// turn hold none of the places at work. The sixty-seventh is told to come again.
func TestHeavyCallsKeepNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(&chaincfg.RegressionNetParams).grow(3)
		held := make(chan struct{})
		f.reading = func() { <-held }
		s := prepare(t, f)
		read := `["` + f.tip.Hash.String() + `",0]`
		var readers []<-chan answered
		for range maxHeavy + maxQueued {
			readers = append(readers, begin(t, s, "getblock", read))
		}
		if got := get[int](t, s, "getblockcount", "[]"); got != 3 {
			t.Errorf("count %d", got)
		}
		if a := <-begin(t, s, "getblock", read); a.refused == nil || a.refused.Code != -1 {
			t.Errorf("one too many: %.80s", a.result)
		}
		close(held)
		for _, r := range readers {
			if a := <-r; a.refused != nil {
				t.Errorf("a reader: %v", a.refused)
			}
		}
		get[string](t, s, "getblock", read) // the places are free again
	})
}

// While blocks come in, heavy calls take a tenth of a core at most; otherwise they follow
// on one another.
func TestHeavyCallsRestWhileBlocksComeIn(t *testing.T) {
	const took = 100 * time.Millisecond
	for _, c := range []struct {
		name    string
		syncing bool
		calls   int
		want    time.Duration
	}{
		{"in step", false, 6, 3 * took},
		{"syncing", true, 2, took},
		{"syncing, the places have to rest", true, 6, 3*took + 2*restShare*took},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(&chaincfg.RegressionNetParams).grow(1)
				f.syncing, f.peers = c.syncing, []Peer{{Number: 1, ID: ids()[0]}}
				f.reading = func() { time.Sleep(took) }
				s := prepare(t, f)
				begun := time.Now()
				var readers []<-chan answered
				for range c.calls {
					readers = append(readers, begin(t, s, "getblock", `["`+f.tip.Hash.String()+`",0]`))
				}
				for _, r := range readers {
					<-r
				}
				if got := time.Since(begun); got != c.want {
					t.Errorf("took %v, want %v", got, c.want)
				}
			})
		})
	}
}
