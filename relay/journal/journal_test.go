package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
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

func submit(t *testing.T, j *Journal, at time.Time, tx *btcutil.Tx) {
	t.Helper()
	if err := j.Submitted(t.Context(), at, tx, raw(t, tx)); err != nil {
		t.Fatal(err)
	}
}

func TestLifeOfATransaction(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	own, other := tx(1), *tx(2).Hash()
	hash := *own.Hash()
	submit(t, j, start(), own)
	at := func(s int) time.Time { return start().Add(time.Duration(s) * time.Second) }
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
		{func() { j.Unmined(hash) }, Fluffed},
		{func() { j.Mined(at(9), hash, 8, chainhash.Hash{8}) }, Mined},
		{func() { j.Dropped(at(10), hash, "conflict_tx") }, Mined},
	} {
		step.do()
		if e, _ := j.Entry(hash); e.State != step.want {
			t.Fatalf("step %d: %s, want %s", i, e.State, step.want)
		}
	}
	check := func(j *Journal) {
		t.Helper()
		e, ok := j.Entry(hash)
		if !ok || len(e.Stems) != 2 || e.FluffedBy != "others" || !e.Fluffed.Equal(at(3)) || e.Peers != 2 || e.Groups != 1 ||
			!e.FirstSeen.Equal(at(5)) || !e.LastSeen.Equal(at(7)) || e.Height != 8 || e.Block != (chainhash.Hash{8}) || !bytes.Equal(e.Raw, raw(t, own)) {
			t.Errorf("%+v", e)
		}
		if j.Owns(other) || len(j.List()) != 1 || j.Pending() != 0 {
			t.Error("somebody else's transaction is noted")
		}
	}
	check(j)
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(open(t, view))
}

// What was submitted is on disk when the call returns, whatever comes after it.
func TestSubmissionOutlivesACrash(t *testing.T) {
	view := store.OpenMemory().View("journal")
	own := tx(1)
	submit(t, open(t, view), start(), own)
	if e, ok := open(t, view).Entry(*own.Hash()); !ok || e.State != Waiting {
		t.Errorf("%+v", e)
	}
}

func TestRefusedIsForgottenAndDroppedBeginsAnew(t *testing.T) {
	view := store.OpenMemory().View("journal")
	j := open(t, view)
	own := tx(1)
	submit(t, j, start(), own)
	j.Refused(*own.Hash())
	if j.Owns(*own.Hash()) {
		t.Error("it is noted still")
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(open(t, view).List()) != 0 {
		t.Error("it is on disk still")
	}
	submit(t, j, start(), own)
	j.Dropped(start(), *own.Hash(), "expired")
	submit(t, j, start().Add(time.Hour), own)
	if e, _ := j.Entry(*own.Hash()); e.State != Waiting || !e.Submitted.Equal(start().Add(time.Hour)) {
		t.Errorf("%+v", e)
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := open(t, store.OpenMemory().View("journal"))
	for i := range uint32(maxEntries + 10) {
		own := tx(i)
		j.entries[*own.Hash()] = &Entry{Tx: *own.Hash(), State: Waiting, Submitted: start().Add(time.Duration(i) * time.Second)}
		if i%2 == 1 {
			j.entries[*own.Hash()].State = Mined
		}
	}
	submit(t, j, start().Add(10*maxEntries*time.Second), tx(maxEntries+10))
	if len(j.List()) != maxEntries {
		t.Errorf("%d entries", len(j.List()))
	}
	if !j.Owns(*tx(0).Hash()) || j.Owns(*tx(1).Hash()) {
		t.Error("one that is not over went before one that is")
	}
	for i := range 1000 {
		j.SeenFrom(start(), *tx(0).Hash(), peer.ID(fmt.Sprint(i)), fmt.Sprint(i))
	}
	if e, _ := j.Entry(*tx(0).Hash()); e.Peers != maxCounted {
		t.Errorf("%d peers are told apart", e.Peers)
	}
}

func TestGarbageIsSkipped(t *testing.T) {
	view := store.OpenMemory().View("journal")
	submit(t, open(t, view), start(), tx(1))
	for name, value := range map[string]string{"a": "garbage", "b": `{"Version":2}`, "c": `{"Version":1,"Raw":"00","State":"waiting"}`} {
		if err := view.Put(t.Context(), datastore.NewKey(name), []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if j, bad, err := Open(context.Background(), view); err != nil || bad != 3 || len(j.List()) != 1 {
		t.Errorf("%d bad, %v", bad, err)
	}
}

func TestAdvice(t *testing.T) {
	now := start().Add(time.Hour)
	for name, c := range map[string]struct {
		entry     Entry
		situation Situation
		want      string
	}{
		"waiting":        {Entry{State: Waiting, Embargo: now.Add(9 * time.Second)}, Situation{}, "--addnode"},
		"in its stem":    {Entry{State: Stemmed, Embargo: now.Add(9 * time.Second)}, Situation{1, 1}, "in 9s"},
		"due":            {Entry{State: Stemmed, Embargo: now}, Situation{1, 1}, "about to publish"},
		"alone":          {Entry{State: Fluffed, Fluffed: now}, Situation{}, "no peers"},
		"unheard":        {Entry{State: Fluffed, Fluffed: now.Add(-time.Hour)}, Situation{1, 1}, "1h0m0s ago"},
		"just published": {Entry{State: Fluffed, Fluffed: now}, Situation{1, 1}, ""},
		"seen":           {Entry{State: Seen}, Situation{1, 1}, ""},
		"double spent":   {Entry{State: Dropped, Why: "conflict_tx"}, Situation{}, "was first"},
		"too cheap":      {Entry{State: Dropped, Why: "low_fee_tx"}, Situation{}, "higher fee"},
		"not valid":      {Entry{State: Dropped, Why: "orphan_tx"}, Situation{}, "not valid"},
	} {
		got := c.entry.Advice(now, c.situation)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q in it", name, got, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	e := Entry{Raw: raw(f, tx(1)), State: Mined, Submitted: start(), Stems: []time.Time{start()}, Block: chainhash.Hash{1}, Height: 7}
	value, err := e.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value)
	f.Add([]byte(`{"Version":1}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := decode(value)
		if err != nil {
			return
		}
		again, err := e.encode()
		if err != nil || !json.Valid(again) {
			t.Fatalf("%s: %v", again, err)
		}
		if back, err := decode(again); err != nil || back.Tx != e.Tx || back.State != e.State || !back.Submitted.Equal(e.Submitted) {
			t.Errorf("%+v came out as %+v, %v", e, back, err)
		}
	})
}
