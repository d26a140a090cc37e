package stempool

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/store"
)

func holds(tx *btcutil.Tx, from peer.ID, hours int) dandelion.Held {
	return dandelion.Held{Tx: *tx.Hash(), From: from, Stemmed: hours%2 == 0, Until: start().Add(time.Duration(hours) * time.Hour)}
}

func flush(tb testing.TB, s *Shelf) {
	tb.Helper()
	if err := s.Flush(context.Background()); err != nil {
		tb.Fatal(err)
	}
}

func load(tb testing.TB, view datastore.Batching, wantBad int) []Record {
	tb.Helper()
	records, bad, err := NewShelf(view).Load(context.Background())
	if err != nil || bad != wantBad {
		tb.Fatalf("%d bad records, want %d; %v", bad, wantBad, err)
	}
	return records
}

func TestShelfOutlivesARestart(t *testing.T) {
	for name, open := range map[string]func() *store.Store{
		"memory": store.OpenMemory,
		"disk": func() *store.Store {
			s, err := store.Open(filepath.Join(t.TempDir(), "data"))
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	} {
		s := open()
		view := s.View("stempool")
		shelf := NewShelf(view)
		l := newLedger(3)
		held := []dandelion.Held{holds(pay(1000, l.coins[0]), "", 3), holds(pay(1000, l.coins[1]), "a peer", 2)}
		for i, h := range held {
			shelf.Put(h, raw(t, pay(1000, l.coins[i])))
		}
		shelf.Delete(chainhash.Hash{7}) // never there
		flush(t, shelf)
		records := load(t, view, 0)
		p := l.stems()
		for i, want := range []dandelion.Held{held[1], held[0]} { // the first to end comes first
			got := records[i].Held
			if got.Tx != want.Tx || got.From != want.From || got.Stemmed != want.Stemmed || !got.Until.Equal(want.Until) {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
			if err := p.Restore(start(), records[i].Tx, got.From); err != nil {
				t.Error(err)
			}
			shelf.Delete(got.Tx)
		}
		if !p.HoldsOwn(held[0].Tx) || p.HoldsOwn(held[1].Tx) {
			t.Errorf("%s: whose is whose is lost", name)
		}
		flush(t, shelf)
		if left := load(t, view, 0); len(left) != 0 {
			t.Errorf("%s: %d are left", name, len(left))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A child's embargo may end before its parent's, but the parent has to be restored
// first: the child is not valid without it.
func TestParentsAreRestoredFirst(t *testing.T) {
	view := store.OpenMemory().View("stempool")
	shelf := NewShelf(view)
	l := newLedger(2)
	line := chainOf(5, l.coins[0])
	for i, tx := range line {
		shelf.Put(holds(tx, "a", 10-2*i), raw(t, tx))
	}
	both := pay(1000, append(purse.Coins(line[4]), l.coins[1])...)
	shelf.Put(holds(both, "a", -1), raw(t, both))
	flush(t, shelf)
	p := l.stems()
	for i, r := range load(t, view, 0) {
		if err := p.Restore(start(), r.Tx, r.Held.From); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if p.Len() != 6 {
		t.Errorf("%d are held", p.Len())
	}
}

func TestSpoiltRecordsAreSkippedAndDeleted(t *testing.T) {
	view := store.OpenMemory().View("stempool")
	shelf := NewShelf(view)
	good, other := pay(1000, purse.Coin{Value: 5000}), pay(2000, purse.Coin{Value: 5000})
	shelf.Put(holds(good, "a peer", 1), raw(t, good))
	shelf.Put(dandelion.Held{Tx: chainhash.Hash{9}, Until: start()}, raw(t, other)) // not its id
	flush(t, shelf)
	late := encode(holds(other, "a peer", 1), raw(t, other))
	late[2] ^= 0x10 // centuries
	put := func(name string, value []byte) {
		if err := view.Put(t.Context(), datastore.NewKey(name), value); err != nil {
			t.Fatal(err)
		}
	}
	put("garbage", []byte("garbage"))
	put("empty", nil)
	put(other.Hash().String(), late)
	if records := load(t, view, 4); len(records) != 1 || records[0].Held.Tx != *good.Hash() {
		t.Errorf("%v", records)
	}
	load(t, view, 0)
}

// failing is a view whose writes fail while told so, and wait while gated.
type failing struct {
	datastore.Batching
	mu    sync.Mutex
	fails bool
	syncs int
	gate  chan struct{}
}

func (f *failing) Batch(ctx context.Context) (datastore.Batch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails {
		return nil, errors.New("no room")
	}
	b, err := f.Batching.Batch(ctx)
	return &gated{b, f.gate}, err
}

func (f *failing) Sync(ctx context.Context, k datastore.Key) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs++
	return f.Batching.Sync(ctx, k)
}

type gated struct {
	datastore.Batch
	gate chan struct{}
}

func (g *gated) Commit(ctx context.Context) error {
	if g.gate != nil {
		<-g.gate
	}
	return g.Batch.Commit(ctx)
}

// What could not be written is written by the next flush, unless it is out of date.
func TestFlushIsTriedAgain(t *testing.T) {
	view := &failing{Batching: store.OpenMemory().View("stempool"), fails: true}
	shelf := NewShelf(view)
	a, b := pay(1000, purse.Coin{Value: 5000}), pay(2000, purse.Coin{Value: 5000})
	shelf.Put(holds(a, "p", 1), raw(t, a))
	shelf.Put(holds(b, "p", 1), raw(t, b))
	if err := shelf.Flush(t.Context()); err == nil {
		t.Fatal("nothing failed")
	}
	shelf.Delete(*b.Hash())
	view.fails = false
	flush(t, shelf)
	if records := load(t, view, 0); len(records) != 1 || records[0].Held.Tx != *a.Hash() {
		t.Errorf("%v", records)
	}
}

// Of two flushes at once the later one wins: what was deleted stays so.
func TestFlushesKeepTheirOrder(t *testing.T) {
	gate := make(chan struct{})
	view := &failing{Batching: store.OpenMemory().View("stempool"), gate: gate}
	shelf := NewShelf(view)
	tx := pay(1000, purse.Coin{Value: 5000})
	shelf.Put(holds(tx, "p", 1), raw(t, tx))
	first, second := make(chan error), make(chan error)
	go func() { first <- shelf.Flush(t.Context()) }()
	for { // until the first has taken what it writes
		shelf.mu.Lock()
		n := len(shelf.dirty)
		shelf.mu.Unlock()
		if n == 0 {
			break
		}
	}
	shelf.Delete(*tx.Hash())
	go func() { second <- shelf.Flush(t.Context()) }()
	gate <- struct{}{}
	if err := <-first; err != nil {
		t.Error(err)
	}
	gate <- struct{}{}
	if err := <-second; err != nil {
		t.Error(err)
	}
	if records := load(t, view.Batching, 0); len(records) != 0 {
		t.Error("what was deleted is back")
	}
}

// Own transactions are safe from a power cut once they are flushed. Others' have
// their senders' embargoes, and wait for nothing.
func TestOwnAreSynced(t *testing.T) {
	view := &failing{Batching: store.OpenMemory().View("stempool")}
	shelf := NewShelf(view)
	tx := pay(1000, purse.Coin{Value: 5000})
	for i, from := range []peer.ID{"p", own} {
		shelf.Put(holds(tx, from, 1), raw(t, tx))
		flush(t, shelf)
		if view.syncs != i {
			t.Errorf("after edge %q: %d syncs", from, view.syncs)
		}
	}
}

// The record of version 2, byte by byte.
func TestRecordBytes(t *testing.T) {
	tx := pay(1000, purse.Coin{Value: 5000})
	got := encode(dandelion.Held{Tx: *tx.Hash(), From: "peer", Stemmed: true, Until: time.Unix(1, 2)}, raw(t, tx))
	want := slices.Concat([]byte{2, 1}, []byte{0, 0, 0, 0, 0x3b, 0x9a, 0xca, 2}, []byte{4}, []byte("peer"), raw(t, tx))
	if !bytes.Equal(got[:len(got)-4], want) {
		t.Errorf("%x, want %x", got, want)
	}
	if sum := hex.EncodeToString(got[len(got)-4:]); sum != "bbf1e379" {
		t.Errorf("sum %s", sum)
	}
}

func FuzzDecode(f *testing.F) {
	tx := pay(1000, purse.Coin{Value: 5000})
	value := encode(holds(tx, "a peer", 1), raw(f, tx))
	f.Add(value[:len(value)-recordSum])
	f.Add([]byte{recordVersion, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		value := append(slices.Clone(body), 0, 0, 0, 0)
		decode(value) // its sum is wrong
		c := sum(body)
		copy(value[len(body):], []byte{byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)})
		r, ok := decode(value)
		if !ok {
			return
		}
		if again := encode(r.Held, raw(t, r.Tx)); !bytes.Equal(again, value) {
			t.Errorf("%x came out as %x", value, again)
		}
	})
}
