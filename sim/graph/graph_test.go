package graph

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 4)) }

// must returns a graph that can be.
func must(t *testing.T) func(*Graph, error) *Graph {
	return func(g *Graph, err error) *Graph {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
}

// check asserts what holds of every graph: rows ascend, nobody dials itself, and both
// ends tell of the same links.
func check(t *testing.T, g *Graph) {
	t.Helper()
	type link struct{ from, to int32 }
	var dialled, heard []link
	for v := range g.Len() {
		for i, u := range g.Out(v) {
			if int(u) == v || u < 0 || int(u) >= g.Len() || i > 0 && u <= g.Out(v)[i-1] {
				t.Fatalf("%d dialled %v", v, g.Out(v))
			}
			dialled = append(dialled, link{int32(v), u})
		}
		if !slices.IsSorted(g.In(v)) {
			t.Fatalf("%d was dialled by %v", v, g.In(v))
		}
		for _, u := range g.In(v) {
			heard = append(heard, link{u, int32(v)})
		}
	}
	slices.SortFunc(heard, func(a, b link) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		return int(a.to - b.to)
	})
	if !slices.Equal(dialled, heard) || len(dialled) != g.Edges() {
		t.Fatalf("%d links dialled, %d heard of, %d counted", len(dialled), len(heard), g.Edges())
	}
}

func TestNewTakesALinkOnce(t *testing.T) {
	g := must(t)(New(4, []int32{2, 0, 0, 3, 0, 1, 2}, []int32{1, 3, 1, 3, 3, 0, 0}))
	check(t, g)
	for v, want := range [][]int32{{1, 3}, {0}, {0, 1}, {}} {
		if !slices.Equal(g.Out(v), want) {
			t.Errorf("%d dialled %v, want %v", v, g.Out(v), want)
		}
	}
	if got := g.Neighbours(0, nil); !slices.Equal(got, []int32{1, 2, 3}) {
		t.Errorf("neighbours of 0: %v", got)
	}
	if !g.Dialled(2, 1) || g.Dialled(1, 2) {
		t.Error("2 dialled 1, and not 1 2")
	}
}

func TestEveryNodeHasItsDegree(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 6, 7, 8, 9, 100, 1001} {
		for d := 1; d < min(n, 12); d++ {
			t.Run(fmt.Sprintf("%d nodes, %d links", n, d), func(t *testing.T) {
				g := must(t)(KOut(n, d, chance(1)))
				check(t, g)
				for v := range n {
					if len(g.Out(v)) != d {
						t.Fatalf("k-out: %d dialled %v", v, g.Out(v))
					}
				}
				if n*d%2 == 0 {
					isRegular(t, must(t)(Regular(n, d, chance(2))), d)
				}
				if d <= max(1, n/2) {
					isCycles(t, must(t)(Cycles(n, d, chance(3))), d)
				}
			})
		}
	}
	isRegular(t, must(t)(Regular(1000, 998, chance(5))), 998) // by what is missing
	isRegular(t, must(t)(Regular(400, 199, chance(5))), 199)
}

func isRegular(t *testing.T, g *Graph, d int) {
	t.Helper()
	check(t, g)
	for v := range g.Len() {
		if k := len(g.Neighbours(v, nil)); k != d || len(g.Out(v))+len(g.In(v)) != d {
			t.Fatalf("regular: %d has %d neighbours, dialled %v, dialled by %v", v, k, g.Out(v), g.In(v))
		}
		if half := len(g.Out(v)); half != d/2 && half != (d+1)/2 {
			t.Fatalf("regular: %d dialled %d of %d", v, half, d)
		}
	}
}

func isCycles(t *testing.T, g *Graph, d int) {
	t.Helper()
	check(t, g)
	for v := range g.Len() {
		if len(g.Out(v)) != d || len(g.In(v)) != d {
			t.Fatalf("cycles: %d dialled %v, dialled by %v", v, g.Out(v), g.In(v))
		}
	}
	if !g.Connected() {
		t.Fatal("cycles: not connected")
	}
	if d > 1 {
		return
	}
	v := int32(0)
	for range g.Len() - 1 {
		if v = g.Out(int(v))[0]; v == 0 {
			t.Fatal("the line closes too early")
		}
	}
}

// TestChanceIsEven: of all graphs with six nodes and three links each there are 70,
// 10 of them K(3,3) and 60 prisms; each one of a uniform 7,000 comes 100 ± 10 times.
// The bounds are six standard deviations, and 10 % for what is not quite uniform.
func TestChanceIsEven(t *testing.T) {
	rng := chance(6)
	seen := map[string]int{}
	for range 7000 {
		g := must(t)(Regular(6, 3, rng))
		name := ""
		for v := range 6 {
			name += fmt.Sprint(g.Neighbours(v, nil))
		}
		seen[name]++
	}
	if len(seen) != 70 {
		t.Errorf("%d graphs of 70", len(seen))
	}
	for name, count := range seen {
		if count < 100-60-10 || count > 100+60+10 {
			t.Errorf("%s came %d times", name, count)
		}
	}
	// Each node is in 8/99 of the k-out rows of others: 100 rows of 8 at n = 100.
	in := make([]int, 100)
	for range 100 {
		g := must(t)(KOut(100, 8, rng))
		for v := range in {
			in[v] += len(g.In(v))
		}
	}
	for v, count := range in { // 800 ± 27
		if math.Abs(float64(count-800)) > 6*27.2 {
			t.Errorf("%d was dialled %d times in 100 graphs", v, count)
		}
	}
}

func TestTreesAreFull(t *testing.T) {
	for _, c := range []struct{ n, d, want int }{{1, 3, 1}, {2, 3, 4}, {5, 3, 10}, {10, 3, 10}, {11, 3, 22}, {6, 4, 17}, {4, 2, 5}} {
		g := must(t)(Tree(c.n, c.d))
		check(t, g)
		if g.Len() != c.want || g.Edges() != g.Len()-1 || !g.Connected() {
			t.Errorf("a %d-regular tree of %d nodes: %d nodes, %d links", c.d, c.n, g.Len(), g.Edges())
		}
		leaves := 0
		for v := range g.Len() {
			switch k := len(g.Neighbours(v, nil)); {
			case k == c.d:
			case k == 1, g.Len() == 1:
				leaves++
			default:
				t.Errorf("%d has %d neighbours", v, k)
			}
		}
		if c.want == 22 && leaves != 12 {
			t.Errorf("%d leaves", leaves)
		}
	}
	if g := must(t)(TreeOfDepth(3, 4)); g.Len() != 1+4+12+36 {
		t.Errorf("%d nodes", g.Len())
	}
	if g := must(t)(Tree(1_000_000, 2)); g.Len() != 1_000_001 { // in linear time
		t.Errorf("%d nodes", g.Len())
	}
}

func TestImpossibleGraphsNameWhatIsAllowed(t *testing.T) {
	for _, c := range []struct {
		name string
		make func() (*Graph, error)
		is   error
		says string
	}{
		{"no nodes", func() (*Graph, error) { return KOut(0, 1, chance(1)) }, ErrNodes, "n = 0: allowed is 2 to"},
		{"too many nodes", func() (*Graph, error) { return KOut(MaxNodes+1, 1, chance(1)) }, ErrNodes, "allowed is 2 to 10000000"},
		{"more than there are", func() (*Graph, error) { return KOut(10, 10, chance(1)) }, ErrDegree, "k = 10 with n = 10: allowed is 1 to 9"},
		{"none", func() (*Graph, error) { return KOut(10, 0, chance(1)) }, ErrDegree, "allowed is 1 to 9"},
		{"too many links", func() (*Graph, error) { return KOut(1_000_000, 900_000, chance(1)) }, ErrDegree, "allowed is 1 to 2147"},
		{"odd", func() (*Graph, error) { return Regular(9, 3, chance(1)) }, ErrDegree, "n·d is 27 and must be even"},
		{"dense", func() (*Graph, error) { return Regular(9, 9, chance(1)) }, ErrDegree, "d = 9 with n = 9: allowed is 1 to 8"},
		{"cycles", func() (*Graph, error) { return Cycles(6, 5, chance(1)) }, ErrDegree, "allowed is 1 to 3"},
		{"line", func() (*Graph, error) { return Line(1, chance(1)) }, ErrNodes, "n = 1: allowed is 2 to"},
		{"tree", func() (*Graph, error) { return Tree(10, 1) }, ErrDegree, "d = 1: allowed is 2"},
		{"deep", func() (*Graph, error) { return TreeOfDepth(40, 3) }, ErrNodes, "depth = 40"},
		{"deep below", func() (*Graph, error) { return TreeOfDepth(-1, 3) }, ErrNodes, "depth = -1"},
		{"link", func() (*Graph, error) { return New(3, []int32{0}, []int32{3}) }, ErrNodes, "0 → 3: allowed is 0 to 2"},
	} {
		if _, err := c.make(); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

func TestRotatedChangesOneLink(t *testing.T) {
	rng := chance(8)
	g := must(t)(KOut(60, 4, rng))
	for range 2000 {
		v := rng.IntN(60)
		before := fmt.Sprint(g.out, g.in)
		next, r, ok := g.Rotated(v, rng)
		if !ok || int(r.V) != v || !g.Dialled(v, int(r.Dropped)) || slices.Contains(g.Neighbours(v, nil), r.Dialled) {
			t.Fatalf("%+v, %v", r, ok)
		}
		if fmt.Sprint(g.out, g.in) != before {
			t.Fatal("the old graph has changed")
		}
		check(t, next)
		if next.Dialled(v, int(r.Dropped)) || !next.Dialled(v, int(r.Dialled)) || next.Edges() != g.Edges() {
			t.Fatalf("%+v: %v, was %v", r, next.Out(v), g.Out(v))
		}
		g = next
	}
	full := must(t)(KOut(4, 3, rng))
	if _, _, ok := full.Rotated(0, rng); ok {
		t.Error("nobody is left to dial")
	}
}

// TestRotatedReachesEveryStranger: 1,200 rotations of one link among 12 strangers.
func TestRotatedReachesEveryStranger(t *testing.T) {
	rng := chance(9)
	g := must(t)(New(14, []int32{5}, []int32{9}))
	seen := map[int32]int{}
	for range 1200 {
		_, r, _ := g.Rotated(5, rng)
		seen[r.Dialled]++
	}
	for u := range int32(14) { // 100 ± 9.6
		if want := u != 5 && u != 9; want != (seen[u] > 0) || want && (seen[u] < 40 || seen[u] > 160) {
			t.Errorf("%d was dialled %d times", u, seen[u])
		}
	}
}

func TestShape(t *testing.T) {
	g := must(t)(New(7, []int32{0, 1, 1, 4}, []int32{1, 0, 2, 5}))
	if got, want := g.Degrees(), (Degrees{Mean: 6. / 7, Median: 1, Least: 0, Most: 2}); got != want {
		t.Errorf("degrees %+v, want %+v", got, want)
	}
	component, count := g.Components()
	if !reflect.DeepEqual(component, []int32{0, 0, 0, 1, 2, 2, 3}) || count != 4 || g.Connected() {
		t.Errorf("components %v, %d", component, count)
	}
}

func TestPlaces(t *testing.T) {
	equator := Place{1, 0, 0}
	for _, c := range []struct {
		to   Place
		want float64
	}{{equator, 0}, {Place{0, 1, 0}, 0.5}, {Place{0, 0, -1}, 0.5}, {Place{-1, 0, 0}, 1}, {Place{float32(math.Sqrt(0.5)), float32(math.Sqrt(0.5)), 0}, 0.25}} {
		if got := Distance(equator, c.to); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("distance to %v: %v, want %v", c.to, got, c.want)
		}
	}
	// A point region is where it says; Sydney to London is 16,990 km of 20,015.
	rng := chance(10)
	at := func(latitude, longitude float64) Place {
		places, err := Scatter(1, []Region{{Latitude: latitude, Longitude: longitude, Share: 1}}, rng)
		if err != nil {
			t.Fatal(err)
		}
		return places[0]
	}
	if got := Distance(at(51.5, -0.13), at(-33.87, 151.21)); math.Abs(got-0.849) > 0.002 {
		t.Errorf("London to Sydney: %v", got)
	}
	places, err := Scatter(2000, Earth(), rng)
	if err != nil {
		t.Fatal(err)
	}
	g := must(t)(must(t)(KOut(2000, 8, rng)).Placed(places))
	near := 0 // pairs in one region: .45² + .35² + .15² + .05² = .35, most within 0.25
	for range 10000 {
		d := g.Distance(int32(rng.IntN(2000)), int32(rng.IntN(2000)))
		if !(d >= 0 && d <= 1) {
			t.Fatalf("distance %v", d)
		}
		if d < 0.2 {
			near++
		}
	}
	if near < 3100 || near > 4000 {
		t.Errorf("%d of 10,000 pairs are near", near)
	}
	if _, err := g.Placed(places[1:]); err == nil {
		t.Error("a place is missing")
	}
	if _, err := Scatter(5, nil, rng); err == nil {
		t.Error("no region, and no error")
	}
}

// TestALargeNetworkIsSmall: the simulator's largest.
func TestALargeNetworkIsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := must(t)(KOut(100_000, 8, chance(11)))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := after.HeapAlloc - before.HeapAlloc; used > 10_000_000 {
		t.Errorf("%d nodes take %d bytes", g.Len(), used)
	}
	if !g.Connected() {
		t.Error("not connected")
	}
}

func BenchmarkGraphs(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(*rand.Rand) (*Graph, error)
	}{
		{"k-out", func(rng *rand.Rand) (*Graph, error) { return KOut(100_000, 8, rng) }},
		{"regular", func(rng *rand.Rand) (*Graph, error) { return Regular(100_000, 16, rng) }},
		{"cycles", func(rng *rand.Rand) (*Graph, error) { return Cycles(100_000, 2, rng) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			rng := chance(12)
			for b.Loop() {
				if _, err := c.make(rng); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
