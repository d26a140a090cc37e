package adverts

import (
	"fmt"
	"time"
)

// Config holds a router's numbers.
type Config struct {
	// Own is the mean time between two adverts of the node itself to one peer,
	// exponential.
	Own time.Duration
	// Delay is the mean time for which adverts to one peer are collected, exponential.
	Delay time.Duration
	// Fresh is how old an advert may be to be passed on, or how far ahead its time.
	Fresh time.Duration
	// Again is for how long the same record is not passed on again.
	Again time.Duration
	// Copies is how many peers are told of what is passed on; Flood how many as long as the
	// node knows fewer than Small others.
	Copies, Flood, Small int
	// Few is the most adverts of a message that is passed on: more are somebody's
	// whole book.
	Few int
	// Rate is how many adverts of one peer are looked at in a second, Burst how many
	// after a long silence.
	Rate  float64
	Burst int
	// Queue is the most adverts that wait for one peer, of 2 KB at most.
	Queue int
	// Memory is the most records that are remembered as passed on, KnownBy as
	// known to one peer, each twice over: 40 bytes apiece.
	Memory, KnownBy int
}

// DefaultConfig returns Bitcoin Core's numbers with four exceptions. Core collects for 30 s,
// and a network that grows from a handful waits for it at each step; 5 s are the mean
// delay of its transactions to inbound peers. Core passes the same address on each time it
// comes; once an hour keeps books as fresh, as they count in steps of an hour. A node
// with a small book tells all its peers: in a network of a dozen, whoever is not among the two
// that are told would never hear of half of the others, and an answer to getaddr is 23 % of
// a dozen. And a queue of 64 is sixty times what 125 peers at their full rate bring in 5 s and
// leave for one of them.
func DefaultConfig() Config {
	return Config{
		Own: 24 * time.Hour, Delay: 5 * time.Second, Fresh: 10 * time.Minute, Again: time.Hour,
		Copies: 2, Flood: 8, Small: 64, Few: 10, Rate: 0.1, Burst: 1000,
		Queue: 64, Memory: 8192, KnownBy: 512,
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Own <= 0 || c.Delay <= 0 || c.Fresh <= 0 || c.Again <= 0:
		return fmt.Errorf("a time that is not above 0: own %v, delay %v, fresh %v, again %v", c.Own, c.Delay, c.Fresh, c.Again)
	case c.Copies < 0 || c.Flood < c.Copies || c.Small < 0:
		return fmt.Errorf("%d copies, %d below %d peers", c.Copies, c.Flood, c.Small)
	case c.Few < 1 || c.Burst < 1 || c.Queue < 1 || c.Memory < 1 || c.KnownBy < 1:
		return fmt.Errorf("a number that is not above 0: few %d, burst %d, queue %d, memory %d, known by %d", c.Few, c.Burst, c.Queue, c.Memory, c.KnownBy)
	case c.Rate < 0:
		return fmt.Errorf("%v adverts a second", c.Rate)
	}
	return nil
}
