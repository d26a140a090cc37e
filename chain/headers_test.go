package chain

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"

	"github.com/pappus-network/pappus/internal/chaingen"
)

func openIndex(t *testing.T, disk datastore.Batching) *headerIndex {
	t.Helper()
	x, err := openHeaders(&chaincfg.SimNetParams, disk, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// count returns the number of records on disk.
func count(t *testing.T, disk datastore.Batching) int {
	t.Helper()
	results, err := disk.Query(t.Context(), query.Query{Prefix: logPrefix, KeysOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	all, err := results.Rest()
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func simHeaders(n int) []wire.BlockHeader {
	return chaingen.Headers(chaincfg.SimNetParams.GenesisBlock.Header, n, 1)
}

func TestHeadersOutliveTheProcess(t *testing.T) {
	headers := simHeaders(5100)
	disk := memory()
	x := openIndex(t, disk)
	for len(headers) > 0 {
		n := min(2000, len(headers))
		if added, err := x.add(time.Now(), headers[:n]); err != nil || added != n {
			t.Fatalf("added %d: %v", added, err)
		}
		headers = headers[n:]
	}
	if err := x.invalidate(x.tree.Best().Hash); err != nil {
		t.Fatal(err)
	}
	y := openIndex(t, disk)
	if y.tree.Len() != 5101 || y.tree.Best().Hash != x.tree.Best().Hash || y.tree.Best().Height != 5099 {
		t.Errorf("%d headers, best %d", y.tree.Len(), y.tree.Best().Height)
	}
	if added, err := y.add(time.Now(), simHeaders(5100)); err != nil || added != 0 {
		t.Errorf("known headers: %d added, %v", added, err)
	}
	if count(t, disk) != 3 || len(y.tips()) != 1 {
		t.Errorf("%d records, tips %v", count(t, disk), y.tips())
	}
}

func TestSmallHeaderRecordsAreMerged(t *testing.T) {
	disk := memory()
	x := openIndex(t, disk)
	headers := simHeaders(2300)
	if _, err := x.add(time.Now(), headers[:2000]); err != nil {
		t.Fatal(err)
	}
	for _, h := range headers[2000:] {
		if _, err := x.add(time.Now(), []wire.BlockHeader{h}); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, disk); n != 301 {
		t.Errorf("%d records before", n)
	}
	openIndex(t, disk)
	if n := count(t, disk); n != 2 {
		t.Errorf("%d records after", n)
	}
	y := openIndex(t, disk)
	if y.tree.Best().Hash != headers[2299].BlockHash() {
		t.Errorf("best header at %d", y.tree.Best().Height)
	}
	// New records still sort behind the merged ones.
	more := chaingen.Headers(headers[2299], 1, 1)
	if _, err := y.add(time.Now(), more); err != nil {
		t.Fatal(err)
	}
	if z := openIndex(t, disk); z.tree.Best().Hash != more[0].BlockHash() {
		t.Errorf("best header at %d", z.tree.Best().Height)
	}
}

func TestDamagedHeaderRecordEndsTheLog(t *testing.T) {
	ctx := context.Background()
	for _, x := range []struct {
		name string
		harm func(disk datastore.Batching, key datastore.Key) error
	}{
		{"cut off", func(d datastore.Batching, k datastore.Key) error { return d.Put(ctx, k, make([]byte, 79)) }},
		{"not linked", func(d datastore.Batching, k datastore.Key) error { return d.Put(ctx, k, make([]byte, 80)) }},
		{"gone", func(d datastore.Batching, k datastore.Key) error { return d.Delete(ctx, k) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			disk := memory()
			index := openIndex(t, disk)
			headers := simHeaders(300)
			for i := 0; i < 300; i += 100 {
				if _, err := index.add(time.Now(), headers[i:i+100]); err != nil {
					t.Fatal(err)
				}
			}
			if err := x.harm(disk, datastore.RawKey(logPrefix+"/0000000000000001")); err != nil {
				t.Fatal(err)
			}
			again := openIndex(t, disk)
			if h := again.tree.Best().Height; h != 100 || count(t, disk) != 1 {
				t.Errorf("best header at %d, %d records", h, count(t, disk))
			}
			if added, err := again.add(time.Now(), headers); err != nil || added != 200 {
				t.Errorf("fetched again: %d, %v", added, err)
			}
			if last := openIndex(t, disk); last.tree.Best().Height != 300 {
				t.Errorf("best header at %d", last.tree.Best().Height)
			}
		})
	}
}

var errNoSpace = errors.New("no space left")

// failingDisk refuses writes while told to.
type failingDisk struct {
	datastore.Batching
	fail bool
}

func (d *failingDisk) Batch(ctx context.Context) (datastore.Batch, error) {
	if d.fail {
		return nil, errNoSpace
	}
	return d.Batching.Batch(ctx)
}

func TestHeadersWaitForTheDisk(t *testing.T) {
	disk := &failingDisk{Batching: memory()}
	x := openIndex(t, disk)
	headers := simHeaders(30)
	if _, err := x.add(time.Now(), headers[:10]); err != nil {
		t.Fatal(err)
	}
	disk.fail = true
	if _, err := x.add(time.Now(), headers[10:20]); !errors.Is(err, errNoSpace) {
		t.Fatal(err)
	}
	disk.fail = false
	if _, err := x.add(time.Now(), headers[20:]); err != nil {
		t.Fatal(err)
	}
	if y := openIndex(t, disk); y.tree.Best().Height != 30 || len(y.tips()) != 1 {
		t.Errorf("best header at %d", y.tree.Best().Height)
	}
}

// A lost header index comes back from the block database, side branches included.
func TestHeadersComeBackFromBlocks(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	cfg := DefaultConfig(t.TempDir())
	c, err := Open(cfg, &chaincfg.SimNetParams, memory(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, b.Extend(5)...)
	main := b.Tip()
	b.Fork(2)
	mustAccept(t, c, b.Extend(2)...)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	disk := memory()
	for range 2 { // from the blocks, then from the index
		c, err := Open(cfg, &chaincfg.SimNetParams, disk, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if c.Headers().Best().Hash != *main.Hash() || !c.Headers().Has(*b.Tip().Hash()) || len(c.Branches()) != 2 {
			t.Errorf("best header at %d, branches %+v", c.Headers().Best().Height, c.Branches())
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzDecodeHeaders(f *testing.F) {
	f.Add(encodeHeaders(simHeaders(2)))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		headers, err := decodeHeaders(raw)
		if err != nil {
			return
		}
		if again := encodeHeaders(headers); chainhash.HashH(again) != chainhash.HashH(raw) {
			t.Fatal("decoding and encoding differ")
		}
	})
}
