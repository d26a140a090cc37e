package journal

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/store"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func at(s int) time.Time { return start().Add(time.Duration(s) * time.Second) }

func tx(n uint32) *btcutil.Tx {
	return purse.Pay(purse.Payment{Fee: 1000}, purse.Coin{Out: wire.OutPoint{Index: n}, Value: 5000})
}

func raw(tb testing.TB, tx *btcutil.Tx) []byte {
	tb.Helper()
	var w bytes.Buffer
	if err := tx.MsgTx().Serialize(&w); err != nil {
		tb.Fatal(err)
	}
	return w.Bytes()
}

func open(t *testing.T, ds datastore.Batching) *Journal {
	t.Helper()
	j, bad, err := Open(t.Context(), ds)
	if err != nil || bad > 0 {
		t.Fatalf("%d bad, %v", bad, err)
	}
	return j
}

func submit(t *testing.T, j *Journal, at time.Time, tx *btcutil.Tx) chainhash.Hash {
	t.Helper()
	if err := j.Submitted(t.Context(), at, tx, raw(t, tx)); err != nil {
		t.Fatal(err)
	}
	return *tx.Hash()
}

func flush(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantState(t *testing.T, j *Journal, tx chainhash.Hash, want State) Entry {
	t.Helper()
	e, ok := j.Entry(tx)
	if !ok || e.State != want {
		t.Errorf("state %q, want %q", e.State, want)
	}
	return e
}

func TestLifeOfATransaction(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	own, other := tx(1), *tx(2).Hash()
	hash := submit(t, j, start(), own)
	for i, step := range []struct {
		do   func()
		want State
	}{
		{func() { j.Waiting(hash, at(20)) }, Waiting},
		{func() { j.Stemmed(at(1), hash, at(20)); j.Stemmed(at(1), other, at(20)) }, Stemmed},
		{func() { j.Stemmed(at(2), hash, at(20)) }, Stemmed},
		{func() { j.Fluffed(at(3), hash, "others") }, Fluffed},
		{func() { j.Fluffed(at(4), hash, "embargo") }, Fluffed},
		{func() { j.SeenFrom(at(5), hash, "p", "10.0.0.0/16"); j.SeenFrom(at(5), other, "p", "g") }, Seen},
		{func() { j.SeenFrom(at(6), hash, "q", "10.0.0.0/16"); j.SeenFrom(at(7), hash, "q", "10.0.0.0/16") }, Seen},
		{func() { j.Mined(at(8), hash, 7, chainhash.Hash{7}) }, Mined},
		{func() { j.Unmined(hash) }, Seen},
		{func() { j.Unmined(hash) }, Seen},
		{func() { j.Mined(at(9), hash, 8, chainhash.Hash{8}) }, Mined},
		{func() { j.Dropped(at(10), hash, "conflict_tx") }, Mined},
		{func() { j.Fluffed(at(10), hash, "others") }, Mined},
	} {
		step.do()
		if e, _ := j.Entry(hash); e.State != step.want {
			t.Fatalf("step %d: %s, want %s", i, e.State, step.want)
		}
	}
	check := func(j *Journal) {
		t.Helper()
		e, ok := j.Entry(hash)
		if !ok || len(e.Stems) != 2 || e.FluffedBy != "others" || !e.Fluffed.Equal(at(3)) || e.Peers != 2 || e.Groups != 1 || e.Unmined != 1 ||
			!e.FirstSeen.Equal(at(5)) || !e.LastSeen.Equal(at(7)) || e.Height != 8 || e.Block != (chainhash.Hash{8}) || !bytes.Equal(e.Raw, raw(t, own)) {
			t.Errorf("%+v", e)
		}
		if j.Owns(other) || len(j.List()) != 1 || j.Awaits() {
			t.Error("somebody else's transaction is noted")
		}
	}
	check(j)
	flush(t, j)
	check(open(t, view))
}

// A stem peer that shows the transaction back before its fluff ends nothing, and
// counts once the fluff is known.
func TestAWordOfAPeerEndsNoStem(t *testing.T) {
	j := open(t, store.OpenMemory().View("journal"))
	hash := submit(t, j, start(), tx(1))
	j.Stemmed(at(1), hash, at(20))
	j.SeenFrom(at(2), hash, "liar", "g")
	wantState(t, j, hash, Stemmed)
	j.Fluffed(at(20), hash, "embargo")
	if e := wantState(t, j, hash, Seen); e.FluffedBy != "embargo" || e.Peers != 1 {
		t.Errorf("%+v", e)
	}
}

// One that was dropped and is published by somebody after all lives on.
func TestDroppedMayComeBack(t *testing.T) {
	for name, back := range map[string]func(*Journal, chainhash.Hash){
		"into the mempool": func(j *Journal, tx chainhash.Hash) { j.Fluffed(at(9), tx, "others") },
		"in a block":       func(j *Journal, tx chainhash.Hash) { j.Mined(at(9), tx, 7, chainhash.Hash{7}); j.Unmined(tx) },
	} {
		j := open(t, store.OpenMemory().View("journal"))
		hash := submit(t, j, start(), tx(1))
		j.Dropped(at(1), hash, "aborted")
		j.Waiting(hash, at(5))
		j.Stemmed(at(2), hash, at(5))
		j.SeenFrom(at(2), hash, "p", "g")
		if e := wantState(t, j, hash, Dropped); e.Why != "aborted" || len(e.Stems) != 0 {
			t.Errorf("%s: %+v", name, e)
		}
		back(j, hash)
		if e := wantState(t, j, hash, Fluffed); e.Why != "" || !e.DroppedAt.IsZero() || e.Fluffed.IsZero() {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestRefusedIsForgottenAndDroppedBeginsAnew(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	hash := submit(t, j, start(), tx(1))
	j.Refused(hash)
	if j.Owns(hash) {
		t.Error("it is noted still")
	}
	flush(t, j)
	if len(open(t, view).List()) != 0 {
		t.Error("it is on disk still")
	}
	submit(t, j, start(), tx(1))
	submit(t, j, at(5), tx(1)) // on its way
	if e := wantState(t, j, hash, Waiting); !e.Submitted.Equal(start()) {
		t.Errorf("%+v", e)
	}
	j.Dropped(at(6), hash, "expired")
	submit(t, j, at(3600), tx(1))
	if e := wantState(t, j, hash, Waiting); !e.Submitted.Equal(at(3600)) || e.Why != "" {
		t.Errorf("%+v", e)
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := open(t, store.OpenMemory().View("journal"))
	for i := range uint32(maxEntries) {
		e := &Entry{Tx: *tx(i).Hash(), Raw: raw(t, tx(i)), State: Waiting, Submitted: at(int(i))}
		if i == 1 || i == 3 {
			e.State = Mined
		}
		j.entries[e.Tx] = e
	}
	for i := range uint32(2) {
		submit(t, j, at(10*maxEntries), tx(maxEntries+i))
		if len(j.List()) != maxEntries || j.Owns(*tx(1).Hash()) || j.Owns(*tx(3).Hash()) != (i == 0) || !j.Owns(*tx(0).Hash()) {
			t.Errorf("%d entries, and not the oldest went that is over", len(j.List()))
		}
	}
	if err := j.Submitted(t.Context(), start(), tx(maxEntries+2), raw(t, tx(maxEntries+2))); !errors.Is(err, ErrFull) {
		t.Errorf("%v: one that is on its way had to go", err)
	}
	first := *tx(0).Hash()
	for i := range 1000 {
		j.SeenFrom(start(), first, peer.ID(fmt.Sprint(i)), fmt.Sprint(i/2))
		j.Stemmed(at(i), first, start())
	}
	if e, _ := j.Entry(first); e.Peers != maxCounted || e.Groups != maxCounted || len(e.Stems) != maxStems || !e.Stems[maxStems-1].Equal(at(999)) {
		t.Errorf("%d peers, %d groups, %d stems", e.Peers, e.Groups, len(e.Stems))
	}
}

func TestWhatIsOverGoesAfterAMonth(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	for i := range uint32(4) {
		submit(t, j, start(), tx(i))
	}
	young, old, dropped, pending := *tx(0).Hash(), *tx(1).Hash(), *tx(2).Hash(), *tx(3).Hash()
	j.Mined(start().Add(time.Hour), young, 7, chainhash.Hash{7})
	j.Mined(start().Add(-time.Second), old, 6, chainhash.Hash{6})
	j.Dropped(start().Add(-time.Second), dropped, "expired")
	j.prune(start().Add(keepOver))
	flush(t, j)
	j = open(t, view)
	if !j.Owns(young) || j.Owns(old) || j.Owns(dropped) || !j.Owns(pending) || len(j.List()) != 2 {
		t.Errorf("%d are left", len(j.List()))
	}
}

// Peers are counted once each, and after a restart not above what is true.
func TestPeersAreCountedOverARestart(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	hash := submit(t, j, start(), tx(1))
	j.Fluffed(start(), hash, "others")
	for _, p := range []peer.ID{"a", "b", "c", "a"} {
		j.SeenFrom(start(), hash, p, "g")
	}
	flush(t, j)
	j = open(t, view)
	for i, p := range []peer.ID{"b", "c", "d", "e"} {
		j.SeenFrom(at(i), hash, p, "g")
		if e, _ := j.Entry(hash); e.Peers != max(3, i+1) || e.Groups != 1 {
			t.Errorf("after %d more: %d peers of %d groups", i+1, e.Peers, e.Groups)
		}
	}
}

func TestGarbageIsSkipped(t *testing.T) {
	view := store.OpenMemory().View("journal")
	submit(t, open(t, view), start(), tx(1))
	other, err := (&Entry{Raw: raw(t, tx(2)), State: Waiting}).encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"a": "garbage", "b": `{"Version":2}`, "c": `{"Version":1,"Raw":"00","State":"waiting"}`, "d": "",
		"e": fmt.Sprintf(`{"Version":1,"Raw":"%x00","State":"waiting"}`, raw(t, tx(3))),
		"f": fmt.Sprintf(`{"Version":1,"Raw":"%x","State":"asleep"}`, raw(t, tx(3))),
		"g": fmt.Sprintf(`{"Version":1,"Raw":"%x","State":"seen","Peers":-1}`, raw(t, tx(3))),
		"h": string(other), // not its id
	} {
		if err := view.Put(t.Context(), datastore.NewKey(name), []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // they stay: a newer program may read them
		if j, bad, err := Open(t.Context(), view); err != nil || bad != 8 || len(j.List()) != 1 {
			t.Errorf("%d bad, %v", bad, err)
		}
	}
}
