package tally_test

import (
	"testing"
	"time"

	"github.com/pappus-network/pappus/testground/tally"
)

func TestMeasure(t *testing.T) {
	ms := func(times ...int) []time.Duration {
		all := make([]time.Duration, 0, len(times))
		for _, n := range times {
			all = append(all, time.Duration(n)*time.Millisecond)
		}
		return all
	}
	for name, c := range map[string]struct {
		arrivals [][]time.Duration
		want     []time.Duration
	}{
		"one node":                               {[][]time.Duration{ms(7)}, ms(7, 7, 7)},
		"ten nodes, in any order":                {[][]time.Duration{ms(10, 1, 9, 2, 8, 3, 7, 4, 6, 5)}, ms(5, 9, 10)},
		"of five nodes three are half of them":   {[][]time.Duration{ms(1, 2, 3, 4, 5)}, ms(3, 5, 5)},
		"the median over transactions":           {[][]time.Duration{ms(1), ms(100), ms(3)}, ms(3, 3, 3)},
		"of two transactions the quicker counts": {[][]time.Duration{ms(1, 4), ms(2, 3)}, ms(1, 3, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			got := tally.Measure(c.arrivals)
			if got != (tally.Spread{T50: c.want[0], T90: c.want[1], All: c.want[2]}) {
				t.Errorf("%+v, want %v", got, c.want)
			}
		})
	}
}
