package presync

import (
	"errors"
	"time"
)

// heldBytes is what one header takes in the buffer: 80 bytes less the parent's
// hash, which the header before it gives.
const heldBytes = 48

// Commitments are kept in words, 16 to begin with: enough for 600,000 headers of
// the default configuration.
const (
	wordBits   = 64
	leastWords = 16
)

// words is how many words so many bits take.
func words(bits int) int { return (bits + wordBits - 1) / wordBits }

// blocksPerSecond is how fast a valid chain can grow at most: the median of
// eleven timestamps must rise by a second, which takes six headers. Source:
// Bitcoin Core, headerssync.cpp.
const blocksPerSecond = 6

// futureLimit is how far a timestamp may lie ahead of the clock. Source:
// consensus (blockchain.MaxTimeOffsetSeconds).
const futureLimit = 2 * time.Hour

// Config bounds one peer's unproven chain.
type Config struct {
	CommitPeriod   int // headers per commitment bit
	BufferSize     int // headers held back in the second pass
	MaxCommitments int // bits; a chain that needs more is not believed
}

// maxMessage is how many headers one message brings. Source: the headers
// protocol's limit, Bitcoin's MAX_HEADERS_RESULTS.
const maxMessage = 2000

// DefaultConfig returns 600 headers a bit and a buffer of 20 bits' worth, a
// little below Core's 641 and 23 bits so that a peer stays below 1 MB; and room
// for 1.2 billion headers in 250 KB of bits, over a thousand times the longest
// chain there is.
func DefaultConfig() Config {
	return Config{CommitPeriod: 600, BufferSize: 12_000, MaxCommitments: 2_000_000}
}

// Memory is the most that one [Sync] holds, in bytes: 922 KB with the default.
func (c Config) Memory() int { return c.capacity()*heldBytes + words(c.MaxCommitments)*wordBits/8 }

// capacity is how many headers may be held: the buffer, and a message on top
// before it is released.
func (c Config) capacity() int { return c.BufferSize + maxMessage }

// Validate reports a configuration that protects nothing.
func (c Config) Validate() error {
	if c.CommitPeriod < 1 || c.BufferSize < c.CommitPeriod || c.MaxCommitments < 1 {
		return errors.New("presync: commit period, buffer and commitments must be positive, and the buffer hold a period")
	}
	return nil
}
