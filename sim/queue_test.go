package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

func TestQueueOrdersByTimeAndThenByTurn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var q queue
	var want []event
	for i := range 5000 {
		if i%3 == 2 {
			slices.SortStableFunc(want, func(a, b event) int { return int(a.at - b.at) })
			got, ok := q.pop()
			if !ok || got.tx != want[0].tx {
				t.Fatalf("event %d came instead of %d", got.tx, want[0].tx)
			}
			want = want[1:]
			continue
		}
		e := event{at: int64(rng.IntN(50)), tx: int32(i)}
		q.push(time.Duration(e.at), e)
		want = append(want, e)
	}
}

// Events of days far and near, some planned for today, come in order, round after round.
func TestQueueTurnsItsPages(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var q queue
	for range 3 {
		q.clear()
		var now int64
		waiting := 0
		for i := range 30_000 {
			if i < 200 || rng.IntN(2) == 0 {
				// From this moment to four calendars from now.
				q.push(time.Duration(now+rng.Int64N(1<<(10+rng.IntN(28)))), event{})
				waiting++
				continue
			}
			e, ok := q.pop()
			if !ok || e.at < now {
				t.Fatalf("%d comes after %d, %v", e.at, now, ok)
			}
			now = e.at
			waiting--
		}
		for ; waiting > 100; waiting-- { // some are left for clear
			e, ok := q.pop()
			if !ok || e.at < now {
				t.Fatalf("%d comes after %d, %v", e.at, now, ok)
			}
			now = e.at
		}
	}
}

func TestNamesAreNumbersInOrder(t *testing.T) {
	ids := names(70_000)
	if !slices.IsSorted(ids) {
		t.Error("ids do not sort as their numbers")
	}
	for v, id := range ids {
		if number(id) != int32(v) {
			t.Fatalf("%d has the id of %d", v, number(id))
		}
	}
	if number(peer.ID("")) != -1 {
		t.Error("no id is a number")
	}
	h := hashOf(12345, rand.New(rand.NewPCG(1, 1)))
	if txOf(&h) != 12345 {
		t.Errorf("the hash of 12345 is that of %d", txOf(&h))
	}
}
