package stempool

// Rate is a budget: so much a second, and so much at once after a rest.
type Rate struct{ PerSecond, Burst float64 }

// Config bounds what stems may cost.
type Config struct {
	// Of one edge, and of all together.
	MaxCount, TotalCount int
	MaxBytes, TotalBytes int

	// Of one edge. Own transactions are not budgeted.
	Count, Bytes, Checks Rate
	// Of all edges.
	TotalChecks Rate
}

// DefaultConfig returns limits of 2 MB an edge and 64 MB in all: stems last
// seconds, so that ten times Bitcoin's 7 transactions a second over one edge stay
// far below. 200 transactions and 200 kB a second an edge are 30 times that rate;
// bursts admit the largest standard transaction twice. A check is a signature or an
// input, about 100 µs: 2,000 a second cost an edge's node a fifth of a core, 5,000
// for all edges half a core. The mempool has no such limit at all: the same spam
// fluffed costs more.
func DefaultConfig() Config {
	return Config{
		MaxCount: 1000, TotalCount: 20_000,
		MaxBytes: 2_000_000, TotalBytes: 64_000_000,
		Count:       Rate{200, 400},
		Bytes:       Rate{200_000, 1_000_000},
		Checks:      Rate{2000, 20_000},
		TotalChecks: Rate{5000, 40_000},
	}
}
