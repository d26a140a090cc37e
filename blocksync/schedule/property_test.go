package schedule

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// seeds is how many networks each property is tried on.
func seeds(t *testing.T) uint64 {
	t.Helper()
	if testing.Short() {
		return 20
	}
	return 200
}

// TestEverythingArrivesOnceInOrder runs random networks in which peers fall
// silent, leave, come back, lack blocks and send mutated ones; one peer is
// honest. The network itself checks order, uniqueness and the budget.
func TestEverythingArrivesOnceInOrder(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			cfg := DefaultConfig()
			cfg.Window = 16 << r.IntN(7)
			cfg.Budget = 1 << (20 + r.IntN(7))
			n := newNetwork(cfg, io.Discard, t.Fatalf)
			randomSizes(n, r)
			n.validate = time.Duration(r.IntN(3)) * 5 * time.Millisecond
			n.want("a", 0, int32(200+r.IntN(1500)))
			for i := range 1 + r.IntN(6) {
				v := randomServer(r, i)
				if i > 0 {
					misbehave(n, v, r)
				}
				n.servers = append(n.servers, v)
				n.join(v)
			}
			if r.IntN(3) == 0 {
				n.run(time.Second)
				fork := n.validated + int32(r.IntN(int(n.end-n.validated)+1))
				n.want("b", fork, n.end+10)
			}
			n.run(24 * time.Hour) // the slowest honest peer needs hours
			if n.validated != n.end {
				n.out = t.Output()
				n.report()
				t.Fatalf("ends at %d of %d: %+v", n.validated, n.end, n.s.Stats())
			}
			if len(n.bodies) != 0 || n.s.used != 0 || n.s.reserved != 0 || n.s.ready != 0 {
				t.Errorf("%d blocks left over, used %d, reserved %d, ready %d", len(n.bodies), n.s.used, n.s.reserved, n.s.ready)
			}
		})
	}
}

func randomSizes(n *network, r *rand.Rand) {
	base := 200 << r.IntN(11) // 200 bytes to 200 kB
	sizes := make([]int, 64)
	for i := range sizes {
		sizes[i] = base/2 + r.IntN(base)
		if r.IntN(20) == 0 {
			sizes[i] *= 8
		}
	}
	n.size = func(label string) int {
		_, h := split(label)
		return sizes[h%len(sizes)]
	}
	n.factor = 1 + r.Int64N(4)
}

func randomServer(r *rand.Rand, i int) *server {
	return &server{
		id:    peer.ID(rune('A' + i)),
		rate:  float64(uint64(50_000) << r.IntN(9)), // 50 kB/s to 12.8 MB/s
		delay: time.Duration(1+r.IntN(150)) * time.Millisecond, height: 1 << 30,
	}
}

// misbehave makes v dishonest for a part of the chain and unsteady over time.
func misbehave(n *network, v *server, r *rand.Rand) {
	third := func(label string) bool { _, h := split(label); return h%3 == 0 }
	switch r.IntN(4) {
	case 0:
		v.lacks = third
	case 1:
		v.mutates = third
	case 2:
		v.height = int32(r.IntN(1000))
	}
	at := n.now
	for range r.IntN(6) {
		at = at.Add(time.Duration(r.IntN(5000)) * time.Millisecond)
		switch r.IntN(2) {
		case 0:
			n.at(at, func() { v.silent = true })
			at = at.Add(time.Duration(r.IntN(20_000)) * time.Millisecond)
			n.at(at, func() { n.resume(v) })
		case 1:
			n.at(at, func() { n.leave(v) })
			at = at.Add(time.Duration(r.IntN(20_000)) * time.Millisecond)
			n.at(at, func() { n.join(v) })
		}
	}
}

// TestEqualPeersFillTheirLinks bounds the time of a download from equal peers
// by 1.25 × what their rates allow.
func TestEqualPeersFillTheirLinks(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			n := newNetwork(DefaultConfig(), io.Discard, t.Fatalf)
			size := 20_000 + r.IntN(400_000)
			n.size = func(string) int { return size }
			count := 1 + r.IntN(4)
			rate := 1e6 * (1 + 9*r.Float64())
			for i := range count {
				v := &server{
					id: peer.ID(rune('A' + i)), rate: rate,
					delay: time.Duration(1+r.IntN(30)) * time.Millisecond, height: 1 << 30,
				}
				n.servers = append(n.servers, v)
				n.join(v)
			}
			bound := 8 * time.Second
			blocks := int32(bound.Seconds() * rate * float64(count) / float64(size))
			n.want("a", 0, blocks)
			n.run(time.Hour)
			if took := n.finished.Sub(n.start); took > bound*5/4 {
				t.Errorf("%d peers × %.1f MB/s, blocks of %d: took %v, bound %v", count, rate/1e6, size, took, bound)
			}
		})
	}
}

// TestStallCostsAtMostFiveSeconds compares a download in which one of the peers
// falls silent for good with the same download without that peer's second half.
func TestStallCostsAtMostFiveSeconds(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			n := newNetwork(DefaultConfig(), io.Discard, t.Fatalf)
			count, rate := 2+r.IntN(3), 5e6+5e6*r.Float64()
			for i := range count {
				v := &server{
					id: peer.ID(rune('A' + i)), rate: rate,
					delay: time.Duration(1+r.IntN(50)) * time.Millisecond, height: 1 << 30,
				}
				n.servers = append(n.servers, v)
				n.join(v)
			}
			silence := time.Duration(500+r.IntN(6000)) * time.Millisecond
			n.at(n.now.Add(silence), func() { n.servers[r.IntN(count)].silent = true })
			blocks := int32(8 * rate * float64(count) / 100_000)
			n.want("a", 0, blocks)
			n.run(time.Hour)
			left := (8 - silence.Seconds()) * float64(count) / float64(count-1)
			bound := silence + time.Duration(left*float64(time.Second))
			if took := n.finished.Sub(n.start); took > bound+5*time.Second {
				t.Errorf("took %v, without a stall %v", took, bound)
			}
		})
	}
}

// TestScheduleIsDeterministic runs one random network twice.
func TestScheduleIsDeterministic(t *testing.T) {
	run := func() string {
		r := rand.New(rand.NewPCG(7, 4))
		s := &story{t: t}
		s.n = newNetwork(DefaultConfig(), &s.out, t.Fatalf)
		s.n.trace = true
		randomSizes(s.n, r)
		for i := range 5 {
			v := randomServer(r, i)
			misbehave(s.n, v, r)
			s.n.servers = append(s.n.servers, v)
			s.n.join(v)
		}
		s.n.want("a", 0, 500)
		s.n.run(time.Minute)
		return s.out.String()
	}
	if first, second := run(), run(); first != second {
		t.Error("two equal runs differ")
	}
}
