package spread

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// One shared timer for all inbound peers, others for outbound ones.
func TestInboundPeersShareOneTimer(t *testing.T) {
	s := New(Diffusion(), rand.NewPCG(1, 1), begin)
	s.Join(begin, "out1", false)
	s.Join(begin, "out2", false)
	for i := range 50 {
		s.Join(begin, peer.ID(fmt.Sprint("in", i)), true)
	}
	now, apart := begin, 0
	for n := range 200 {
		now = now.Add(time.Second)
		s.Add(now, numbered(n))
		told := map[peer.ID]time.Time{}
		for !s.Next().IsZero() {
			now = s.Next()
			for _, b := range s.Tick(now) {
				if told[b.To] = now; len(b.Txs) != 1 || number(b.Txs[0]) != n {
					t.Fatalf("%s is told %s", b.To, said([]Batch{b}))
				}
			}
		}
		if len(told) != 52 {
			t.Fatalf("%d peers are told, want 52", len(told))
		}
		for i := range 50 {
			if told[peer.ID(fmt.Sprint("in", i))] != told["in0"] {
				t.Fatalf("transaction %d: in%d is told at another time than in0", n, i)
			}
		}
		if told["out1"] != told["out2"] && told["out1"] != told["in0"] && told["out2"] != told["in0"] {
			apart++
		}
	}
	if apart != 200 {
		t.Errorf("timers are apart for %d of 200 transactions", apart)
	}
}

// While nothing waits there is nothing to do: the simulator counts on it.
func TestIdleScheduleSleeps(t *testing.T) {
	for _, cfg := range []Config{Flooding(), Diffusion()} {
		s := New(cfg, rand.NewPCG(1, 1), begin)
		idle := func(why string) {
			t.Helper()
			if !s.Next().IsZero() {
				t.Errorf("flood %v: wakes up %s", cfg.Flood, why)
			}
		}
		idle("when new")
		s.Add(begin, numbered(1))
		idle("without peers")
		s.Join(begin, "a", false)
		s.Join(begin, "b", true)
		idle("though nothing was added")
		s.Add(begin, numbered(2))
		for range 2 {
			if !s.Next().IsZero() {
				s.Tick(s.Next())
			}
		}
		idle("after all is announced")
		s.Add(begin.Add(time.Hour), numbered(3))
		s.Leave("a")
		s.Leave("b")
		s.Leave("c")
		idle("when everybody has left")
	}
}

// What the caller appends to one batch goes to no other.
func TestBatchesDoNotRunIntoEachOther(t *testing.T) {
	cfg := Flooding()
	cfg.MaxBatch = 2
	s := New(cfg, rand.NewPCG(1, 1), begin)
	s.Join(begin, "a", true)
	s.Join(begin, "b", true)
	for n := range 4 {
		s.Add(begin, numbered(n))
	}
	batches := s.Tick(begin.Add(time.Second))
	if got := said(batches); got != "a 0 1, a 2 3, b 0 1, b 2 3" {
		t.Fatalf("announces %q", got)
	}
	_ = append(batches[0].Txs, numbered(99))
	if got := said(batches); got != "a 0 1, a 2 3, b 0 1, b 2 3" {
		t.Errorf("afterwards it reads %q", got)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []Config{Flooding(), Diffusion()} {
		if err := c.Validate(); err != nil {
			t.Errorf("default settings: %v", err)
		}
		for name, spoil := range map[string]func(*Config){
			"delay":    func(c *Config) { c.Flood, c.Delay = true, -1 },
			"outbound": func(c *Config) { c.Flood, c.Outbound = false, 0 },
			"inbound":  func(c *Config) { c.Flood, c.Inbound = false, -1 },
			"queue":    func(c *Config) { c.MaxQueue = 0 },
			"batch":    func(c *Config) { c.MaxBatch = 0 },
		} {
			bad := c
			if spoil(&bad); bad.Validate() == nil {
				t.Errorf("flood %v: a %s that cannot work passes", c.Flood, name)
			}
		}
	}
}

// What a peer claims to know is bounded, and what it said last is kept.
func TestClaimsAreBounded(t *testing.T) {
	s := New(Flooding(), rand.NewPCG(1, 1), begin)
	s.Join(begin, "a", true)
	s.Join(begin, "b", true)
	for n := range 50_000 {
		s.Knows("a", numbered(n))
		s.Knows("a", numbered(n))
	}
	k := s.sharing.members[0].known
	if got := k.fresh.len() + k.stale.len(); got > 2*knownTxs {
		t.Errorf("%d are remembered", got)
	}
	var last []chainhash.Hash
	for n := 50_000 - knownTxs; n < 50_000; n++ {
		last = append(last, numbered(n))
		s.Add(begin, numbered(n))
	}
	var told []chainhash.Hash
	for _, b := range s.Tick(begin.Add(time.Second)) {
		if b.To == "a" {
			t.Fatalf("a is told %d that it knows", len(b.Txs))
		}
		told = append(told, b.Txs...)
	}
	if !slices.Equal(told, last) {
		t.Errorf("b is told of %d, want %d in order", len(told), len(last))
	}
}
