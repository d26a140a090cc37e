package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// LinePrecision is the precision of first-spy on Dandelion's line, when each node sends
// one transaction that stays in its stem and the share p are spies, on a line without
// end: p²/(1−p)·ln(1/p). Recall is p.
//
// A spy traces all that it sees first to its predecessor: the transactions of the m honest
// nodes in a row that end with it. Between two spies there are p²(1−p)^m such rows for
// each node of the line, and each is worth 1/m; over the share 1−p of honest nodes the sum
// over m is p²/(1−p)·ln(1/p).
func LinePrecision(p float64) float64 {
	if p == 0 || p == 1 {
		return p // the limits
	}
	return -p * p / (1 - p) * math.Log(p)
}

// LineEntropy is the mean entropy, in bits, of the belief of an adversary that knows the
// line: of a row of m honest nodes between two spies each is as likely. A transaction is of
// such a row with chance m·p²(1−p)^(m−1). Two to its power is how many sources there could
// be: 9.5 for p = 0.15. Sharma, Gosain & Diaz (NDSS 2023) say 8, of a graph of their own.
func LineEntropy(p float64) float64 {
	sum, chance, rest := 0.0, p*p, 1.0
	for m := 1.0; p > 0 && rest > 1e-12; m++ {
		sum += m * chance * math.Log2(m)
		rest -= m * chance
		chance *= 1 - p
	}
	return sum
}

// LowerBounds returns what any protocol's precision and recall are at least, if the
// share p are spies: p² and p (Dandelion 2017, theorem 2). What measures less is wrong.
func LowerBounds(p float64) (precision, recall float64) { return p * p, p }

// steps is how many steps of Runge and Kutta a unit of time has: the error is below
// 10⁻⁸ for all degrees and θ in use.
const steps = 400

// TreeFirstTimestamp is how often first-timestamp is right about diffusion on a
// d-regular tree without end, if each link takes an exponential time of mean 1 and the
// supernode has theta connections to each node, which take as long each.
//
// Let h(t) be the chance that the supernode, at t after a node has heard from its
// parent, has heard of nothing from the branch: h' = −h + e^(−θt)·h^(d−1) with h(0) = 1,
// for either the link has not passed it on yet, or it has, and all of the child's d−1
// branches and the child itself are silent since. The source is named if its own report
// comes before those of its d branches: ∫ θe^(−θt)·h(t)^d dt. For d = 2 and θ = 1 that is
// (e²−5)/4.
func TreeFirstTimestamp(d int, theta float64) (float64, error) {
	if d < 2 {
		return 0, fmt.Errorf("score: d = %d: allowed is 2 and above", d)
	}
	if !(theta > 0) || math.IsInf(theta, 1) {
		return 0, fmt.Errorf("score: theta = %v: allowed is above 0", theta)
	}
	slope := func(t, h float64) (dh, dp float64) {
		silent := math.Exp(-theta * t)
		return -h + silent*math.Pow(h, float64(d-1)), theta * silent * math.Pow(h, float64(d))
	}
	// What is silent ends, at the latest, after 40 of the supernode's means.
	width := 1 / (steps * max(1, theta))
	h, p := 1.0, 0.0
	for i := range int(40 / theta / width) {
		t := float64(i) * width
		h1, p1 := slope(t, h)
		h2, p2 := slope(t+width/2, h+width/2*h1)
		h3, p3 := slope(t+width/2, h+width/2*h2)
		h4, p4 := slope(t+width, h+width*h3)
		h += width / 6 * (h1 + 2*h2 + 2*h3 + h4)
		p += width / 6 * (p1 + 2*p2 + 2*p3 + p4)
	}
	return p, nil
}

// TreeCentrality is how often the centre of what has been reached is the source of
// diffusion on a d-regular tree, after a long time: 1 − d·(1 − I½(1/(d−2), 1+1/(d−2))), I
// being the regularised incomplete beta function. It is 1/4 for d = 3 and comes near
// 1 − ln 2 = .307 as d grows. It holds for rumour centrality (Shah & Zaman 2016, theorem 3)
// and for reporting centrality, whatever theta (Fanti & Viswanath 2017).
func TreeCentrality(d int) (float64, error) {
	if d < 3 {
		return 0, fmt.Errorf("score: d = %d: allowed is 3 and above", d)
	}
	a := 1 / float64(d-2)
	return 1 - float64(d)*(1-mathext.RegIncBeta(a, 1+a, 0.5)), nil
}
