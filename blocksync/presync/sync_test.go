package presync

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

var params = &chaincfg.SimNetParams

// small has 10 bits in its buffer: a changed chain gets past it once in a
// thousand seeds. The seeds here are fixed.
var small = Config{CommitPeriod: 5, BufferSize: 50, MaxCommitments: 1000}

func begin() Start {
	g := params.GenesisBlock
	return Start{Hash: g.BlockHash(), Header: g.Header, Work: headertree.Work(g.Header.Bits), MedianTimePast: g.Header.Timestamp}
}

// workOf is the work of a chain of so many simnet headers on genesis.
func workOf(headers int) *big.Int {
	w := headertree.Work(params.GenesisBlock.Header.Bits)
	return w.Mul(w, big.NewInt(int64(headers+1)))
}

func reasonOf(err error) events.Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// drive plays a peer: it answers each question with at most size headers, of the
// first chain in the first pass and of the second one after it.
func drive(s *Sync, first, second []wire.BlockHeader, size int) (released []wire.BlockHeader, err error) {
	served := first
	for state := s.State(); ; {
		from := 0
		if at := s.Locator()[0]; at != begin().Hash {
			from = 1 + slices.IndexFunc(served, func(h wire.BlockHeader) bool { return h.BlockHash() == at })
			if from == 0 {
				return released, errors.New("asked from a header that was never sent")
			}
		}
		row := served[from:min(len(served), from+size)]
		out, more, err := s.Next(row, len(row) == size)
		released = append(released, out...)
		if err != nil || !more {
			return released, err
		}
		if s.State() == Done {
			return append(released, served[from+len(row):]...), nil // the caller takes the rest directly
		}
		if s.State() != state {
			state, served = s.State(), second
		}
	}
}

func TestHonestChainIsReleasedOnce(t *testing.T) {
	chain := chaingen.Headers(params.GenesisBlock.Header, 3000, 1)
	for name, c := range map[string]struct {
		cfg    Config
		needed int // headers whose work is asked for
		size   int
	}{
		"all of it is needed":       {small, 3000, 100},
		"a part is needed":          {small, 1234, 100},
		"one header a message":      {small, 300, 1},
		"more than one buffer":      {small, 2999, 2000},
		"the default configuration": {DefaultConfig(), 2500, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(c.cfg, params, begin(), workOf(c.needed), chain[len(chain)-1].Timestamp, rand.NewPCG(1, 2))
			released, err := drive(s, chain, chain, c.size)
			if err != nil || !slices.Equal(released, chain) {
				t.Errorf("%d of %d headers released: %v", len(released), len(chain), err)
			}
			if s.State() != Done {
				t.Errorf("state %v at the end", s.State())
			}
		})
	}
}

func TestChangedChainReleasesNothing(t *testing.T) {
	chain := chaingen.Headers(params.GenesisBlock.Header, 1000, 1)
	other := chaingen.Headers(params.GenesisBlock.Header, 1000, 2)
	for seed := range uint64(20) {
		s := New(small, params, begin(), workOf(1000), chain[len(chain)-1].Timestamp, rand.NewPCG(seed, 7))
		released, err := drive(s, chain, other, 200)
		if reasonOf(err) != events.ChangedHeaders || len(released) != 0 {
			t.Errorf("seed %d: %d headers released, %v", seed, len(released), err)
		}
	}
}

func TestShortChainIsLowWork(t *testing.T) {
	chain := chaingen.Headers(params.GenesisBlock.Header, 500, 1)
	s := New(small, params, begin(), workOf(501), chain[len(chain)-1].Timestamp, rand.NewPCG(1, 2))
	if released, err := drive(s, chain, chain, 100); reasonOf(err) != events.LowWorkHeaders || len(released) != 0 {
		t.Errorf("first pass: %d headers released, %v", len(released), err)
	}
	s = New(small, params, begin(), workOf(500), chain[len(chain)-1].Timestamp, rand.NewPCG(1, 2))
	released, err := drive(s, chain, chain[:300], 120)
	if reasonOf(err) != events.LowWorkHeaders || !slices.Equal(released, chain[:len(released)]) || len(released) > 250 {
		t.Errorf("second pass: %d headers released, %v", len(released), err)
	}
}

func TestEndlessChainEnds(t *testing.T) {
	g := params.GenesisBlock.Header
	// Ten seconds after genesis no chain has more than 6 × (10 s + 2 h) headers.
	s := New(small, params, begin(), workOf(1<<40), g.Timestamp.Add(10*time.Second), rand.NewPCG(1, 2))
	last, sent := g, 0
	for {
		row := chaingen.Headers(last, 2000, 1)
		released, _, err := s.Next(row, true)
		if len(released) != 0 {
			t.Fatal("headers released")
		}
		if err != nil {
			if reasonOf(err) != events.InvalidHeader {
				t.Errorf("ended with %v", err)
			}
			break
		}
		last = row[len(row)-1]
		if sent += len(row); sent > 100_000 {
			t.Fatal("it never ends")
		}
	}
}

func TestFaultsOfAChain(t *testing.T) {
	chain := chaingen.Headers(params.GenesisBlock.Header, 20, 1)
	unsorted := slices.Clone(chain)
	unsorted[5], unsorted[6] = unsorted[6], unsorted[5]
	s := New(small, params, begin(), workOf(500), chain[19].Timestamp, rand.NewPCG(1, 2))
	if _, _, err := s.Next(unsorted, true); reasonOf(err) != events.UnsortedHeaders {
		t.Errorf("unsorted: %v", err)
	}
}

// Mainnet's difficulty stays for 2,016 blocks and then moves by four at most.
func TestPermittedDifficulty(t *testing.T) {
	p := &chaincfg.MainNetParams
	for _, c := range []struct {
		height        int64
		before, after uint32
		want          bool
	}{
		{2015, 0x1b00ffff, 0x1b00ffff, true},
		{2015, 0x1b00ffff, 0x1b00fffe, false},
		{2016, 0x1b00ffff, 0x1b03fffc, true},  // × 4
		{2016, 0x1b00ffff, 0x1b03fffd, false}, // a little more
		{2016, 0x1b00ffff, 0x1a3fffc0, true},  // ÷ 4
		{2016, 0x1b00ffff, 0x1a3fffbf, false}, // a little less
		{2016, 0x1d00ffff, 0x1d00ffff, true},  // the limit of the network
		{2016, 0x1d00ffff, 0x1d03fffc, false}, // above it
		{40320, 0x1d00ffff, 0x1d00d86a, true}, // a real one: height 32,256 of mainnet
	} {
		if got := permitted(p, c.height, c.before, c.after); got != c.want {
			t.Errorf("%08x after %08x at %d: %v, want %v", c.after, c.before, c.height, got, c.want)
		}
	}
	if !permitted(params, 7, 0x207fffff, 0x1d00ffff) {
		t.Error("simnet permits anything")
	}
}

func TestEnoughCountsWork(t *testing.T) {
	chain := chaingen.Headers(params.GenesisBlock.Header, 10, 1)
	for _, c := range []struct {
		headers int
		want    bool
	}{{9, true}, {10, true}, {11, false}} {
		if got := Enough(begin().Work, chain, workOf(c.headers)); got != c.want {
			t.Errorf("10 headers for the work of %d: %v", c.headers, got)
		}
	}
	if !Enough(begin().Work, nil, new(big.Int)) {
		t.Error("no headers are enough for no work")
	}
}

// Whatever a peer sends, no more is held than the configuration says, and that is
// below 1 MB with the default.
func TestMemoryIsBounded(t *testing.T) {
	if m := DefaultConfig().Memory(); m > 1_000_000 {
		t.Errorf("the default holds up to %d bytes", m)
	}
	chain := chaingen.Headers(params.GenesisBlock.Header, 20_000, 1)
	cfg := DefaultConfig()
	s := New(cfg, params, begin(), workOf(len(chain)), chain[len(chain)-1].Timestamp, rand.NewPCG(1, 2))
	most := 0
	for s.State() != Done {
		at, from := s.Locator()[0], 0
		if at != begin().Hash {
			from = 1 + slices.IndexFunc(chain, func(h wire.BlockHeader) bool { return h.BlockHash() == at })
		}
		row := chain[from:min(len(chain), from+maxMessage)]
		if _, _, err := s.Next(row, true); err != nil {
			t.Fatal(err)
		}
		most = max(most, cap(s.held)*heldBytes+cap(s.bits)*8)
	}
	if most > cfg.Memory() {
		t.Errorf("%d bytes held, the configuration says %d", most, cfg.Memory())
	}
}

// FuzzNext feeds slices of two chains in any order: nothing panics, and nothing
// is released that was not shown to carry the work.
func FuzzNext(f *testing.F) {
	one := chaingen.Headers(params.GenesisBlock.Header, 300, 1)
	two := chaingen.Headers(params.GenesisBlock.Header, 300, 2)
	f.Add([]byte{0, 100, 1, 0, 200, 1})
	f.Add([]byte{0, 255, 1, 128, 255, 1, 0, 45, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := New(small, params, begin(), workOf(250), one[299].Timestamp, rand.NewPCG(3, 4))
		for len(script) >= 3 {
			chain := one
			if script[0] >= 128 {
				chain = two
			}
			from := int(script[0]&127) * 2
			row := chain[from:min(len(chain), from+int(script[1]))]
			released, _, err := s.Next(row, script[2]&1 == 1)
			if len(released) > 0 && s.State() == Presync {
				t.Fatal("headers released in the first pass")
			}
			if len(s.held) > small.capacity() {
				t.Fatalf("%d headers held", len(s.held))
			}
			if err != nil || s.State() == Done {
				return
			}
			script = script[3:]
		}
	})
}

func BenchmarkHeader(b *testing.B) {
	chain := chaingen.Headers(params.GenesisBlock.Header, 20_000, 1)
	for b.Loop() {
		s := New(DefaultConfig(), params, begin(), workOf(len(chain)), chain[len(chain)-1].Timestamp, rand.NewPCG(1, 2))
		for range 2 {
			for from := 0; from < len(chain); from += maxMessage {
				if _, _, err := s.Next(chain[from:from+maxMessage], true); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(2*len(chain)), "ns/header")
}
