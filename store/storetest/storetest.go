// Package storetest is what every kind of store has to pass.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"

	"github.com/pappus-network/pappus/store"
)

// Run tests stores that open makes. Each one has to be empty and its own; Run
// closes it.
func Run(t *testing.T, open func(testing.TB) *store.Store) {
	t.Helper()
	tests := []struct {
		name string
		run  func(*testing.T, *store.Store)
	}{
		{"a value comes back until it is deleted", testPutGetDelete},
		{"values are copied in and out", testCopies},
		{"owners see only their own keys", testNamespaces},
		{"a query answers in the order asked", testOrder},
		{"a query sees the moment it began", testSnapshot},
		{"a batch is invisible until it is committed", testBatch},
		{"a batch is seen whole or not at all", testBatchIsAtomic},
		{"the same owner gets the same view", testSameView},
		{"closing a view leaves the store open", testCloseView},
		{"bad owner names panic", testOwnerNames},
		{"a closed store refuses", testClosed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			test.run(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

func put(t *testing.T, view datastore.Batching, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := view.Put(t.Context(), datastore.NewKey(pairs[i]), []byte(pairs[i+1])); err != nil {
			t.Fatalf("put %s: %v", pairs[i], err)
		}
	}
}

func keys(t *testing.T, view datastore.Batching, q query.Query) []string {
	t.Helper()
	results, err := view.Query(t.Context(), q)
	if err != nil {
		t.Fatalf("query: %v", err)
	}
	defer results.Close() //nolint:errcheck // it only releases the iterator
	entries, err := results.Rest()
	if err != nil {
		t.Fatalf("query: %v", err)
	}
	found := make([]string, 0, len(entries))
	for _, e := range entries {
		found = append(found, e.Key)
	}
	return found
}

func wantKeys(t *testing.T, view datastore.Batching, q query.Query, want ...string) {
	t.Helper()
	if found := keys(t, view, q); !slices.Equal(found, want) {
		t.Errorf("query %v found %q, want %q", q, found, want)
	}
}

func testPutGetDelete(t *testing.T, s *store.Store) {
	view, key := s.View("headers"), datastore.NewKey("/a/b")
	if _, err := view.Get(t.Context(), key); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("get of nothing: %v, want ErrNotFound", err)
	}
	put(t, view, "/a/b", "one")
	put(t, view, "/a/b", "two")
	value, err := view.Get(t.Context(), key)
	if err != nil || string(value) != "two" {
		t.Errorf("get = %q, %v; want two", value, err)
	}
	if size, err := view.GetSize(t.Context(), key); err != nil || size != 3 {
		t.Errorf("size = %d, %v; want 3", size, err)
	}
	if err := view.Sync(t.Context(), datastore.NewKey("/")); err != nil {
		t.Errorf("sync: %v", err)
	}
	if err := view.Delete(t.Context(), key); err != nil {
		t.Errorf("delete: %v", err)
	}
	if has, err := view.Has(t.Context(), key); err != nil || has {
		t.Errorf("has after delete = %v, %v", has, err)
	}
	if err := view.Delete(t.Context(), key); err != nil {
		t.Errorf("delete of nothing: %v", err)
	}
}

func testCopies(t *testing.T, s *store.Store) {
	view, key := s.View("headers"), datastore.NewKey("/k")
	value := []byte("value")
	if err := view.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
	value[0] = 'X'
	for range 2 { // the second round sees what the first did to its copy
		got, err := view.Get(t.Context(), key)
		if err != nil || !bytes.Equal(got, []byte("value")) {
			t.Fatalf("get = %q, %v; want value", got, err)
		}
		got[0] = 'Y'
	}
}

func testNamespaces(t *testing.T, s *store.Store) {
	// One name is the beginning of the next, and keys try to climb out.
	node, nodes, ban := s.View("node"), s.View("nodes"), s.View("bans")
	put(t, node, "/k", "node", "/x/y", "1")
	put(t, nodes, "/k", "nodes")
	if err := ban.Put(t.Context(), datastore.RawKey("/../node/k"), []byte("intruder")); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, node, query.Query{Orders: []query.Order{query.OrderByKey{}}}, "/k", "/x/y")
	wantKeys(t, nodes, query.Query{}, "/k")
	wantKeys(t, node, query.Query{Prefix: "/x"}, "/x/y")
	wantKeys(t, node, query.Query{Prefix: "/../nodes"})
	wantKeys(t, s.View("empty"), query.Query{})
	value, err := node.Get(t.Context(), datastore.NewKey("/k"))
	if err != nil || string(value) != "node" {
		t.Errorf("node's key = %q, %v", value, err)
	}
	if err := nodes.Delete(t.Context(), datastore.NewKey("/k")); err != nil {
		t.Fatal(err)
	}
	if has, err := node.Has(t.Context(), datastore.NewKey("/k")); err != nil || !has {
		t.Errorf("node's key after a delete by another owner: %v, %v", has, err)
	}
}

func testOrder(t *testing.T, s *store.Store) {
	view := s.View("headers")
	put(t, view, "/c", "1", "/a", "3", "/b", "2")
	wantKeys(t, view, query.Query{Orders: []query.Order{query.OrderByKey{}}}, "/a", "/b", "/c")
	wantKeys(t, view, query.Query{Orders: []query.Order{query.OrderByKeyDescending{}}}, "/c", "/b", "/a")
	wantKeys(t, view, query.Query{Orders: []query.Order{query.OrderByValue{}}}, "/c", "/b", "/a")
	wantKeys(t, view, query.Query{Orders: []query.Order{query.OrderByKey{}}, Offset: 1, Limit: 1, KeysOnly: true}, "/b")
}

func testSnapshot(t *testing.T, s *store.Store) {
	view := s.View("headers")
	put(t, view, "/a", "1", "/b", "2")
	results, err := view.Query(t.Context(), query.Query{})
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close() //nolint:errcheck // it only releases the iterator
	put(t, view, "/c", "3", "/a", "9")
	entries, err := results.Rest()
	if err != nil || len(entries) != 2 || string(entries[0].Value) != "1" {
		t.Errorf("query found %v, %v; want /a=1 and /b=2", entries, err)
	}
}

func testBatch(t *testing.T, s *store.Store) {
	view := s.View("headers")
	put(t, view, "/old", "1")
	batch, err := view.Batch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		batch.Put(t.Context(), datastore.NewKey("/new"), []byte("2")),
		batch.Delete(t.Context(), datastore.NewKey("/old")),
	); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, view, query.Query{}, "/old")
	if err := batch.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, view, query.Query{}, "/new")
	wantKeys(t, s.View("bans"), query.Query{})
}

func testBatchIsAtomic(t *testing.T, s *store.Store) {
	const rounds, width = 50, 20
	view := s.View("headers")
	var wg sync.WaitGroup
	wg.Go(func() { // ends after its rounds
		for round := range rounds {
			batch, err := view.Batch(t.Context())
			for i := range width {
				key := datastore.NewKey(fmt.Sprintf("/%d", i))
				err = errors.Join(err, batch.Put(t.Context(), key, fmt.Append(nil, round)))
			}
			if err := errors.Join(err, batch.Commit(t.Context())); err != nil {
				t.Errorf("batch %d: %v", round, err)
			}
		}
	})
	for range rounds {
		results, err := view.Query(t.Context(), query.Query{})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := results.Rest()
		if err != nil || (len(entries) != 0 && len(entries) != width) {
			t.Fatalf("query found %d keys, %v; want none or %d", len(entries), err, width)
		}
		for _, e := range entries {
			if !bytes.Equal(e.Value, entries[0].Value) {
				t.Fatalf("one query saw two batches: %s and %s", e.Value, entries[0].Value)
			}
		}
	}
	wg.Wait()
}

func testSameView(t *testing.T, s *store.Store) {
	if s.View("headers") != s.View("headers") {
		t.Error("two views for one owner")
	}
}

func testCloseView(t *testing.T, s *store.Store) {
	view := s.View("headers")
	if err := view.Close(); err != nil {
		t.Errorf("close view: %v", err)
	}
	put(t, view, "/a", "1")
}

func testOwnerNames(t *testing.T, s *store.Store) {
	for _, owner := range []string{"", "layout", "a/b", "..", "Headers", "1st", "a.b", "a b", "waytoolongaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("owner %q was accepted", owner)
				}
			}()
			s.View(owner)
		}()
	}
}

func testClosed(t *testing.T, s *store.Store) {
	view := s.View("headers")
	put(t, view, "/a", "1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := view.Put(t.Context(), datastore.NewKey("/b"), nil); err == nil {
		t.Error("put into a closed store")
	}
	if _, err := view.Get(t.Context(), datastore.NewKey("/a")); err == nil {
		t.Error("get from a closed store")
	}
	results, err := view.Query(t.Context(), query.Query{})
	if err == nil {
		_, err = results.Rest()
	}
	if err == nil {
		t.Error("query of a closed store")
	}
}
