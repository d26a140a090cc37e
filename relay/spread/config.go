package spread

import "time"

// Config says how a schedule announces.
type Config struct {
	// Flood announces after Delay; without it Outbound and Inbound are the means
	// of exponential timers.
	Flood    bool
	Delay    time.Duration
	Outbound time.Duration
	Inbound  time.Duration

	MaxQueue int // transactions that wait for one peer; the oldest goes first
	MaxBatch int // of one announcement
	MaxTold  int // transactions of which is remembered that a peer knows them
}

const (
	// floodDelay is what a flooding node waits: 200 ms, as Bitcoin's early
	// trickling did for its transactions in the mean (mechanism 75).
	floodDelay = 200 * time.Millisecond
	// outboundMean and inboundMean are Bitcoin Core's
	// OUTBOUND_INVENTORY_BROADCAST_INTERVAL and INBOUND_INVENTORY_BROADCAST_INTERVAL.
	outboundMean = 2 * time.Second
	inboundMean  = 5 * time.Second
	// maxQueue is 32 bytes each, 160 KB a peer: what Core remembers of one peer's
	// announcements. At 7 transactions a second, Bitcoin's rate, 12 minutes.
	maxQueue = 5000
	// maxBatch is what one announcement may carry (design.md §3).
	maxBatch = 1024
	// maxTold is 2 × 5,000 hashes of 32 bytes a peer at the most, in maps of about
	// 50 bytes an entry: 500 KB a peer that is told of everything.
	maxTold = 5000
)

// Flooding returns the settings of flooding.
func Flooding() Config {
	return Config{Flood: true, Delay: floodDelay, MaxQueue: maxQueue, MaxBatch: maxBatch, MaxTold: maxTold}
}

// Diffusion returns the settings of diffusion.
func Diffusion() Config {
	return Config{Outbound: outboundMean, Inbound: inboundMean, MaxQueue: maxQueue, MaxBatch: maxBatch, MaxTold: maxTold}
}
