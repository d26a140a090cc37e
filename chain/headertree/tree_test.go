package headertree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

var params = &chaincfg.RegressionNetParams

// later is a clock after all headers of these tests.
func later() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func grow(tb testing.TB, tree *Tree, parent wire.BlockHeader, n int, seed uint64) []wire.BlockHeader {
	tb.Helper()
	hs := chaingen.Headers(parent, n, seed)
	if added, err := tree.Add(later(), hs); err != nil || len(added) != n {
		tb.Fatalf("%d of %d headers added: %v", len(added), n, err)
	}
	return hs
}

func reasonOf(err error) events.Reason {
	if bad, ok := errors.AsType[*HeaderError](err); ok {
		return bad.Reason
	}
	return ""
}

// mainnet reads the headers that come with btcd's source.
func mainnet(t *testing.T) []wire.BlockHeader {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd").Output()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "blockchain", "testdata", "blk_0_to_14131.dat"))
	if err != nil {
		t.Fatal(err)
	}
	var hs []wire.BlockHeader
	for len(raw) >= 88 && binary.LittleEndian.Uint32(raw) == uint32(wire.MainNet) {
		size := binary.LittleEndian.Uint32(raw[4:])
		var h wire.BlockHeader
		if err := h.Deserialize(bytes.NewReader(raw[8:88])); err != nil {
			t.Fatal(err)
		}
		hs = append(hs, h)
		raw = raw[8+size:]
	}
	return hs
}

func TestTreeTakesMainnet(t *testing.T) {
	hs := mainnet(t)
	if len(hs) != 14132 {
		t.Fatalf("%d headers in the file", len(hs))
	}
	tree := New(&chaincfg.MainNetParams)
	added, err := tree.Add(later(), hs)
	if err != nil || len(added) != len(hs)-1 { // genesis is there
		t.Fatalf("%d added: %v", len(added), err)
	}
	work := new(big.Int)
	for _, h := range hs {
		work.Add(work, blockchain.CalcWork(h.Bits))
	}
	best := tree.Best()
	if best.Height != 14131 || best.Hash.String() != "00000000b3e750f37fdb42e1018799a9f44b546d393b130b369590a072430a1c" || best.Work.Cmp(work) != 0 {
		t.Errorf("best %+v, want work %x", best, work)
	}
	if again, err := tree.Add(later(), hs); err != nil || len(again) != 0 {
		t.Errorf("the second time %d added: %v", len(again), err)
	}
	bad := hs[2016] // the first after a retarget
	bad.Bits = 0x1c00ffff
	small := New(&chaincfg.MainNetParams)
	if _, err := small.Add(later(), hs[:2016]); err != nil {
		t.Fatal(err)
	}
	if _, err := small.Add(later(), []wire.BlockHeader{bad}); reasonOf(err) != events.BadProofOfWork && reasonOf(err) != events.InvalidHeader {
		t.Errorf("wrong difficulty: %v", err)
	}
}

func TestTreeRefuses(t *testing.T) {
	tree := New(params)
	hs := grow(t, tree, params.GenesisBlock.Header, 20, 1)
	child := func(f func(h *wire.BlockHeader)) wire.BlockHeader {
		h := chaingen.Headers(hs[19], 1, 5)[0]
		f(&h)
		for target := blockchain.CompactToBig(params.PowLimitBits); ; h.Nonce++ {
			hash := h.BlockHash()
			if blockchain.HashToBig(&hash).Cmp(target) <= 0 {
				return h
			}
		}
	}
	weak := child(func(*wire.BlockHeader) {})
	for {
		hash := weak.BlockHash()
		if blockchain.HashToBig(&hash).Cmp(params.PowLimit) > 0 {
			break
		}
		weak.Nonce++
	}
	for name, c := range map[string]struct {
		header wire.BlockHeader
		want   events.Reason
	}{
		"no work":         {weak, events.BadProofOfWork},
		"too old":         {child(func(h *wire.BlockHeader) { h.Timestamp = hs[10].Timestamp }), events.InvalidHeader},
		"too new":         {child(func(h *wire.BlockHeader) { h.Timestamp = later().Add(2*time.Hour + time.Minute) }), events.InvalidHeader},
		"of a difficulty": {child(func(h *wire.BlockHeader) { h.Bits = 0x207ffffe }), events.InvalidHeader},
	} {
		t.Run(name, func(t *testing.T) {
			if added, err := tree.Add(later(), []wire.BlockHeader{c.header}); reasonOf(err) != c.want || len(added) != 0 {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	early := child(func(h *wire.BlockHeader) { h.Timestamp = later().Add(3 * time.Hour) })
	if _, err := tree.Add(later(), []wire.BlockHeader{early}); err == nil {
		t.Error("a header from the future was taken")
	}
	if added, err := tree.Add(later().Add(2*time.Hour), []wire.BlockHeader{early}); err != nil || len(added) != 1 {
		t.Errorf("its time has come: %v", err)
	}
	orphan := chaingen.Headers(hs[19], 3, 9)[2]
	if _, err := tree.Add(later(), []wire.BlockHeader{orphan}); !errors.Is(err, ErrUnknownParent) {
		t.Errorf("no parent: %v", err)
	}
}

func TestBestChainFollowsWork(t *testing.T) {
	tree := New(params)
	one := grow(t, tree, params.GenesisBlock.Header, 10, 1)
	two := grow(t, tree, one[4], 5, 2) // as long as the first
	if tree.Best().Hash != one[9].BlockHash() {
		t.Error("of equal chains the first seen is not the best")
	}
	three := grow(t, tree, two[4], 1, 3)
	if tree.Best().Hash != three[0].BlockHash() || tree.Best().Height != 11 {
		t.Errorf("best %v", tree.Best())
	}
	for height, want := range map[int32]chainhash.Hash{5: one[4].BlockHash(), 6: two[0].BlockHash(), 11: three[0].BlockHash()} {
		if e, ok := tree.At(height); !ok || e.Hash != want {
			t.Errorf("height %d: %v", height, e.Hash)
		}
	}
	if fork, ok := tree.Fork(one[9].BlockHash(), three[0].BlockHash()); !ok || fork.Hash != one[4].BlockHash() {
		t.Errorf("fork at %v", fork.Height)
	}
	tree.Invalidate(two[2].BlockHash())
	if tree.Best().Hash != one[9].BlockHash() || !tree.Invalid(three[0].BlockHash()) || tree.Invalid(two[1].BlockHash()) {
		t.Errorf("best %v after a block of the branch proved invalid", tree.Best().Height)
	}
	if _, err := tree.Add(later(), chaingen.Headers(three[0], 1, 4)); !errors.Is(err, ErrInvalidParent) {
		t.Errorf("on an invalid block: %v", err)
	}
	tree.Revalidate(two[2].BlockHash())
	if tree.Best().Hash != three[0].BlockHash() || tree.Invalid(three[0].BlockHash()) {
		t.Errorf("best %v after the mark was taken back", tree.Best().Height)
	}
	tree.Invalidate(*params.GenesisHash)
	if tree.Invalid(*params.GenesisHash) {
		t.Error("genesis was marked")
	}
}

func TestAfterAnswersGetheaders(t *testing.T) {
	tree := New(params)
	hs := grow(t, tree, params.GenesisBlock.Header, 30, 1)
	side := grow(t, tree, hs[9], 5, 2)
	hash := func(i int) chainhash.Hash { return hs[i].BlockHash() }
	for name, c := range map[string]struct {
		locator []chainhash.Hash
		stop    chainhash.Hash
		most    int
		want    []wire.BlockHeader
	}{
		"from the tip":             {[]chainhash.Hash{hash(29)}, chainhash.Hash{}, 2000, nil},
		"from the middle":          {[]chainhash.Hash{hash(19)}, chainhash.Hash{}, 2000, hs[20:]},
		"at most":                  {[]chainhash.Hash{hash(19)}, chainhash.Hash{}, 3, hs[20:23]},
		"to a stop":                {[]chainhash.Hash{hash(19)}, hash(22), 2000, hs[20:23]},
		"from nowhere":             {[]chainhash.Hash{{1}}, chainhash.Hash{}, 2000, hs},
		"from a side branch":       {[]chainhash.Hash{side[4].BlockHash(), hash(9)}, chainhash.Hash{}, 2000, hs[10:]},
		"no locator, known stop":   {nil, side[2].BlockHash(), 2000, side[2:3]},
		"no locator, unknown stop": {nil, chainhash.Hash{1}, 2000, nil},
		"nothing asked":            {nil, chainhash.Hash{}, 2000, nil},
		"none wanted":              {[]chainhash.Hash{hash(3)}, chainhash.Hash{}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tree.After(c.locator, c.stop, c.most); !slices.Equal(got, c.want) {
				t.Errorf("%d headers, want %d", len(got), len(c.want))
			}
		})
	}
	if got := tree.HashesAfter([]chainhash.Hash{hash(27)}, chainhash.Hash{}, 500); !slices.Equal(got, []chainhash.Hash{hash(28), hash(29)}) {
		t.Errorf("hashes after: %v", got)
	}
	if got := tree.Path(hash(9), side[4].BlockHash(), 3); !slices.Equal(got, []chainhash.Hash{side[0].BlockHash(), side[1].BlockHash(), side[2].BlockHash()}) {
		t.Errorf("path: %v", got)
	}
	if got := tree.Path(side[0].BlockHash(), hash(29), 3); got != nil {
		t.Errorf("path from a header that is no ancestor: %v", got)
	}
}

func TestLocatorThinsOut(t *testing.T) {
	tree := New(params)
	hs := grow(t, tree, params.GenesisBlock.Header, 1000, 1)
	for _, c := range []struct {
		height int32
		want   []int32
	}{
		{0, []int32{0}},
		{5, []int32{5, 4, 3, 2, 1, 0}},
		{100, []int32{100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 88, 84, 76, 60, 28, 0}},
	} {
		hash := *params.GenesisHash
		if c.height > 0 {
			hash = hs[c.height-1].BlockHash()
		}
		var got []int32
		for _, h := range tree.Locator(hash) {
			e, _ := tree.Lookup(h)
			got = append(got, e.Height)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("locator of height %d: %v, want %v", c.height, got, c.want)
		}
	}
	if n := len(tree.Locator(hs[999].BlockHash())); n > 101 {
		t.Errorf("%d hashes", n)
	}
	if tree.Locator(chainhash.Hash{1}) != nil {
		t.Error("a locator of an unknown header")
	}
}

// TestTreeAgreesWithModel grows random trees and compares with plain pointers.
func TestTreeAgreesWithModel(t *testing.T) {
	type plain struct {
		header wire.BlockHeader
		parent *plain
		height int32
	}
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 1))
		tree := New(params)
		all := []*plain{{header: params.GenesisBlock.Header}}
		best := all[0]
		for i := range 400 {
			parent := all[max(0, len(all)-1-rng.IntN(12))]
			h := chaingen.Headers(parent.header, 1, uint64(i)+1)[0]
			if _, err := tree.Add(later(), []wire.BlockHeader{h}); err != nil {
				t.Fatal(err)
			}
			n := &plain{h, parent, parent.height + 1}
			all = append(all, n)
			if n.height > best.height { // all headers carry the same work
				best = n
			}
		}
		if got := tree.Best(); got.Hash != best.header.BlockHash() || tree.Len() != len(all) {
			t.Fatalf("seed %d: best %d, want %d", seed, got.Height, best.height)
		}
		for n := best; n != nil; n = n.parent {
			if e, ok := tree.At(n.height); !ok || e.Hash != n.header.BlockHash() || e.Header != n.header {
				t.Fatalf("seed %d: height %d differs", seed, n.height)
			}
		}
		for range 500 {
			n := all[rng.IntN(len(all))]
			height := int32(rng.IntN(int(n.height) + 1))
			want := n
			for want.height > height {
				want = want.parent
			}
			if e, ok := tree.Ancestor(n.header.BlockHash(), height); !ok || e.Hash != want.header.BlockHash() {
				t.Fatalf("seed %d: ancestor at %d of one at %d differs", seed, height, n.height)
			}
			m := all[rng.IntN(len(all))]
			x, y := n, m
			for x != y {
				if x.height >= y.height {
					x = x.parent
				} else {
					y = y.parent
				}
			}
			if e, ok := tree.Fork(n.header.BlockHash(), m.header.BlockHash()); !ok || e.Hash != x.header.BlockHash() {
				t.Fatalf("seed %d: fork differs", seed)
			}
		}
	}
}

func TestRestoreBringsBackTheMarks(t *testing.T) {
	tree := New(params)
	hs := grow(t, tree, params.GenesisBlock.Header, 10, 1)
	again := New(params)
	if err := again.Restore(hs, func(h chainhash.Hash) bool { return h == hs[6].BlockHash() }); err != nil {
		t.Fatal(err)
	}
	if again.Best().Height != 6 || !again.Invalid(hs[9].BlockHash()) || again.Len() != 11 {
		t.Errorf("best %d", again.Best().Height)
	}
	if err := New(params).Restore(hs[1:], func(chainhash.Hash) bool { return false }); !errors.Is(err, ErrUnknownParent) {
		t.Errorf("children before parents: %v", err)
	}
}

func TestReadersAndWriterTogether(t *testing.T) {
	tree := New(params)
	hs := chaingen.Headers(params.GenesisBlock.Header, 2000, 1)
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				best := tree.Best()
				if got := tree.After(tree.Locator(best.Hash), chainhash.Hash{}, 10); len(got) > 10 {
					t.Errorf("%d headers", len(got))
				}
			}
		})
	}
	for from := 0; from < len(hs); from += 100 {
		if _, err := tree.Add(later(), hs[from:from+100]); err != nil {
			t.Error(err)
		}
	}
	close(done)
	readers.Wait()
}

func TestHeaderCostsLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("200,000 headers")
	}
	const n = 200_000
	hs := chaingen.Headers(params.GenesisBlock.Header, n, 1)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tree := New(params)
	if err := tree.Restore(hs, func(chainhash.Hash) bool { return false }); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := float64(after.HeapAlloc-before.HeapAlloc) / n
	t.Logf("%.0f bytes a header", each)
	if each > 260 { // 144 for the node, 8 for the chain, the rest is the map's, which doubles
		t.Errorf("%.0f bytes a header", each)
	}
	runtime.KeepAlive(tree)
	runtime.KeepAlive(hs)
}

func BenchmarkAdd(b *testing.B) {
	hs := chaingen.Headers(params.GenesisBlock.Header, 20_000, 1)
	for b.Loop() {
		tree := New(params)
		for from := 0; from < len(hs); from += 2000 {
			if _, err := tree.Add(later(), hs[from:from+2000]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(hs))*float64(b.N)/b.Elapsed().Seconds(), "headers/s")
}

// Once the rest of a longer chain stayed behind the end of a shortened best
// chain, and was taken for its own when the longer one came back.
func TestChainThatComesBackIsWhole(t *testing.T) {
	tree := New(params)
	genesis := params.GenesisBlock.Header
	long := grow(t, tree, genesis, 10, 1)
	fork := long[4].BlockHash() // height 5
	tree.Invalidate(long[5].BlockHash())
	grow(t, tree, long[4], 2, 2)
	tree.Revalidate(long[5].BlockHash())
	for i, h := range long {
		if got, ok := tree.At(int32(i + 1)); !ok || got.Hash != h.BlockHash() { // ten headers
			t.Errorf("height %d has %v, want %v (fork at %v)", i+1, got.Hash, h.BlockHash(), fork)
		}
	}
}
