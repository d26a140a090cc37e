package spread

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// delays adds n transactions, gap apart with others between them if busy, and
// returns the seconds until each peer hears of each.
func delays(t *testing.T, s *Schedule, n int, busy bool) map[peer.ID][]float64 {
	t.Helper()
	const (
		gap     = time.Minute // 12 inbound means: 1 in 160,000 waits longer
		between = 500 * time.Millisecond
	)
	out := map[peer.ID][]float64{}
	now, filler := begin, 1<<20
	for i := range n {
		added := now
		s.Add(added, numbered(i))
		for end := added.Add(gap); now.Before(end); now = now.Add(between) {
			if busy {
				filler++
				s.Add(now, numbered(filler))
			}
			for next := s.Next(); !next.IsZero() && next.Before(now.Add(between)); next = s.Next() {
				for _, b := range s.Tick(next) {
					if slices.Contains(b.Txs, numbered(i)) {
						out[b.To] = append(out[b.To], next.Sub(added).Seconds())
					}
				}
			}
		}
	}
	for p, d := range out {
		if len(d) < n*999/1000 {
			t.Fatalf("%s heard of %d of %d", p, len(d), n)
		}
	}
	return out
}

// exponential fails if the sample is not exponential with the given mean. The
// mean of n has the standard error mean/√n; five of them are passed by chance
// once in 1.7 million. The largest distance between the sample's distribution
// and the true one exceeds 2.2/√n once in 8,000 (Kolmogorov and Smirnov: 2·e^(−2·2.2²)).
// Both with a seed that is fixed.
func exponential(t *testing.T, what string, sample []float64, mean float64) {
	t.Helper()
	n := float64(len(sample))
	sum := 0.0
	for _, x := range sample {
		sum += x
	}
	if got := sum / n; math.Abs(got-mean) > 5*mean/math.Sqrt(n) {
		t.Errorf("%s: mean %.3f s of %.0f, want %.3f ± %.3f", what, got, n, mean, 5*mean/math.Sqrt(n))
	}
	slices.Sort(sample)
	worst := 0.0
	for i, x := range sample {
		f := 1 - math.Exp(-x/mean)
		worst = max(worst, f-float64(i)/n, float64(i+1)/n-f)
	}
	if worst > 2.2/math.Sqrt(n) {
		t.Errorf("%s: %.4f from the exponential distribution, at most %.4f", what, worst, 2.2/math.Sqrt(n))
	}
}

// TestDelaysAreExponential: that timers sleep while nothing waits does not show,
// neither in a quiet network nor in a busy one.
func TestDelaysAreExponential(t *testing.T) {
	for _, busy := range []bool{false, true} {
		t.Run(fmt.Sprintf("busy %v", busy), func(t *testing.T) {
			s := New(Diffusion(), rand.NewPCG(7, 7), begin)
			s.Join(begin, "out1", false)
			s.Join(begin, "out2", false)
			s.Join(begin, "in1", true)
			s.Join(begin, "in2", true)
			n := 10_000
			if testing.Short() {
				n = 1000
			}
			d := delays(t, s, n, busy)
			if !slices.Equal(d["in1"], d["in2"]) {
				t.Error("the inbound peers' delays differ")
			}
			if r := correlation(d["out1"], d["out2"]); math.Abs(r) > 5/math.Sqrt(float64(n)) {
				t.Errorf("outbound delays correlate by %.3f", r)
			}
			if r := correlation(d["out1"], d["in1"]); math.Abs(r) > 5/math.Sqrt(float64(n)) {
				t.Errorf("outbound and inbound delays correlate by %.3f", r)
			}
			exponential(t, "outbound", d["out1"], 2)
			exponential(t, "outbound", d["out2"], 2)
			exponential(t, "inbound", d["in1"], 5)
		})
	}
}

// correlation of independent samples has the standard error 1/√n.
func correlation(a, b []float64) float64 {
	n := min(len(a), len(b))
	var sa, sb, saa, sbb, sab float64
	for i := range n {
		sa, sb = sa+a[i], sb+b[i]
		saa, sbb, sab = saa+a[i]*a[i], sbb+b[i]*b[i], sab+a[i]*b[i]
	}
	f := float64(n)
	return (f*sab - sa*sb) / math.Sqrt((f*saa-sa*sa)*(f*sbb-sb*sb))
}

// TestManyInboundConnectionsHearNoEarlier is why they share one timer: twenty
// timers of their own would tell a spy after a quarter of a second. Leaving and
// joining again does not help either.
func TestManyInboundConnectionsHearNoEarlier(t *testing.T) {
	s := New(Diffusion(), rand.NewPCG(11, 7), begin)
	const n = 5000
	now, first := begin, make([]float64, 0, n)
	for i := range n {
		for c := range 20 {
			p := peer.ID(fmt.Sprint(c))
			s.Leave(p)
			s.Join(now, p, true)
		}
		s.Add(now, numbered(i))
		added := now
		for next := s.Next(); !next.IsZero(); next = s.Next() {
			now = next
			if batches := s.Tick(now); len(batches) != 20 {
				t.Fatalf("%d of 20 are told", len(batches))
			}
		}
		first = append(first, now.Sub(added).Seconds())
	}
	exponential(t, "the first of twenty", first, 5)
}

// TestFloodingIsExact: to the nanosecond, to everybody, whatever the load.
func TestFloodingIsExact(t *testing.T) {
	s := New(Flooding(), rand.NewPCG(1, 1), begin)
	for i := range 10 {
		s.Join(begin, peer.ID(fmt.Sprint(i)), i%2 == 0)
	}
	r := rand.New(rand.NewPCG(3, 3))
	const n = 5000
	at := make([]time.Time, n)
	now, heard := begin, 0
	hear := func(until time.Time) {
		for next := s.Next(); !next.IsZero() && !next.After(until); next = s.Next() {
			for _, b := range s.Tick(next) {
				for _, tx := range b.Txs {
					if d := next.Sub(at[number(tx)]); d != 200*time.Millisecond {
						t.Fatalf("announced after %v", d)
					}
					heard++
				}
			}
		}
	}
	for i := range n {
		now = now.Add(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
		hear(now)
		at[i] = now
		s.Add(now, numbered(i))
	}
	hear(now.Add(time.Second))
	if heard != 10*n {
		t.Errorf("%d announcements, want %d", heard, 10*n)
	}
}
