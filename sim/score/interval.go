package score

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a mean with its 95 % confidence interval.
type Interval struct {
	Mean, Low, High float64
	Count           int // independent observations: graphs, where they are clusters
}

// Half is half of the interval's width, if it is even.
func (i Interval) Half() float64 { return (i.High - i.Low) / 2 }

// covered is what intervals cover.
const covered = 0.95

// Mean returns the mean of independent observations with Student's interval. With fewer
// than two there is none, and it is not a number.
func Mean(values []float64) Interval {
	groups := make([][]float64, len(values))
	for i := range values {
		groups[i] = values[i : i+1]
	}
	return Clustered(groups)
}

// Clustered returns the mean of observations that come in groups, such as rounds on one
// graph: those of a group are alike, and only groups are independent. The interval is
// Student's with one degree of freedom less than groups, on the linearised variance of a
// ratio of sums (Cochran, Sampling Techniques, §6.4). Empty groups do not count.
func Clustered(groups [][]float64) Interval {
	var sum, count float64
	k := 0
	for _, g := range groups {
		if len(g) > 0 {
			k++
		}
		count += float64(len(g))
		for _, x := range g {
			sum += x
		}
	}
	i := Interval{Mean: sum / count, Low: math.NaN(), High: math.NaN(), Count: k}
	if k < 2 {
		return i
	}
	squares := 0.0
	for _, g := range groups {
		rest := 0.0
		for _, x := range g {
			rest += x - i.Mean
		}
		squares += rest * rest
	}
	half := StudentQuantile(k-1) * math.Sqrt(squares*float64(k)/float64(k-1)) / count
	i.Low, i.High = i.Mean-half, i.Mean+half
	return i
}

// StudentQuantile is how many standard errors an interval is wide to each side, with so
// many degrees of freedom.
func StudentQuantile(freedom int) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: float64(freedom)}.Quantile((1 + covered) / 2)
}

// Wilson returns the share of successes among independent trials with Wilson's interval,
// which holds near 0 and 1, where the normal one does not.
func Wilson(successes, trials int) Interval {
	if trials == 0 {
		return Interval{Mean: math.NaN(), Low: 0, High: 1}
	}
	z := distuv.UnitNormal.Quantile((1 + covered) / 2)
	n, p := float64(trials), float64(successes)/float64(trials)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Interval{Mean: p, Low: max(0, middle-half), High: min(1, middle+half), Count: trials}
}
