package journal

import (
	"testing"

	"github.com/pappus-network/pappus/store"
)

// A crash within a second of a submission takes all but the submission: an owner read
// "waiting for a peer" of a transaction that was in its stem, whose embargo ran.
func TestResumedIsInItsStem(t *testing.T) {
	j := open(t, store.OpenMemory().View("journal"))
	hash := submit(t, j, at(1), tx(1))
	j.Resumed(hash, at(20), false)
	if e := wantState(t, j, hash, Waiting); !e.Embargo.Equal(at(20)) || len(e.Stems) > 0 {
		t.Errorf("%+v", e)
	}
	for range 2 {
		j.Resumed(hash, at(20), true)
		if e := wantState(t, j, hash, Stemmed); len(e.Stems) != 1 || !e.Stems[0].Equal(at(1)) {
			t.Errorf("%+v", e)
		}
	}
	j.Dropped(at(2), hash, "conflict")
	j.Resumed(hash, at(30), true)
	wantState(t, j, hash, Dropped)
}
