package score

import (
	"math"
	"time"
)

// BlockInterval is Bitcoin's mean time between two blocks.
const BlockInterval = 10 * time.Minute

// StaleRate estimates which share of blocks is found while another one of the same height
// is on its way, if blocks arrive at miners of equal power at these times since they were
// found: 1 − exp(−∫(1−f)/interval), f being the share of miners that have it. The integral
// is the mean time of arrival. The model is that of Decker & Wattenhofer 2013, with blocks
// found in continuous time. It is not a number if a miner never receives the block.
func StaleRate(arrivals []time.Duration, interval time.Duration) float64 {
	sum := 0.0
	for _, t := range arrivals {
		if t < 0 {
			return math.NaN()
		}
		sum += t.Seconds()
	}
	return -math.Expm1(-sum / float64(len(arrivals)) / interval.Seconds())
}
