package presync

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// State is how far the proof has come.
type State int

// The states, in order.
const (
	Presync State = iota
	Redownload
	Done
)

// String returns the state's name.
func (s State) String() string { return [...]string{"presync", "redownload", "done"}[s] }

// Error says why a chain is given up.
type Error struct {
	Reason events.Reason // LowWorkHeaders is no crime, the others are
	Err    error
}

// Error gives the reason code and the particulars.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap returns the particulars.
func (e *Error) Unwrap() error { return e.Err }

func giveUp(r events.Reason, format string, args ...any) error {
	return &Error{Reason: r, Err: fmt.Errorf(format, args...)}
}

// Start is the known header that the unproven chain builds on.
type Start struct {
	Hash           chainhash.Hash
	Header         wire.BlockHeader
	Height         int32
	Work           *big.Int // from genesis to here
	MedianTimePast time.Time
}

// Enough says whether headers on top of a known chain can be taken as they are:
// their own work, added to what they build on, reaches the threshold.
func Enough(start *big.Int, headers []wire.BlockHeader, minWork *big.Int) bool {
	sum := new(big.Int).Set(start)
	for i := range headers {
		if sum.Cmp(minWork) >= 0 {
			return true
		}
		sum.Add(sum, blockchain.CalcWork(headers[i].Bits))
	}
	return sum.Cmp(minWork) >= 0
}

// Sync is one peer's unproven chain. After an error it is of no further use.
type Sync struct {
	cfg     Config
	params  *chaincfg.Params
	start   Start
	minWork *big.Int
	salt    [16]byte
	offset  int64 // of the committed heights, secret
	most    int   // commitments that a valid chain can need by now

	state State
	tip   tip      // of the pass under way
	bits  []uint64 // commitments of the first pass
	count int      // commitments made
	next  int      // first commitment not compared yet
	held  []held   // of the second pass, oldest first
	base  chainhash.Hash
	known bool // the second pass has reached the threshold: release all
}

// tip is the end of what one pass has seen.
type tip struct {
	hash   chainhash.Hash
	bits   uint32
	height int64
	work   *big.Int
}

// held is a header without its parent's hash.
type held struct {
	merkle  chainhash.Hash
	version int32
	time    uint32
	bits    uint32
	nonce   uint32
}

// New begins the first pass of a chain that builds on start and has to reach
// minWork in all. The salt and the offset are drawn from src, which a peer must
// not be able to guess.
func New(cfg Config, params *chaincfg.Params, start Start, minWork *big.Int, now time.Time, src rand.Source) *Sync {
	s := &Sync{cfg: cfg, params: params, start: start, minWork: new(big.Int).Set(minWork)}
	binary.LittleEndian.PutUint64(s.salt[:8], src.Uint64())
	binary.LittleEndian.PutUint64(s.salt[8:], src.Uint64())
	s.offset = rand.New(src).Int64N(int64(cfg.CommitPeriod)) // src decides how secret it is
	seconds := int64(now.Sub(start.MedianTimePast)/time.Second) + int64(futureLimit/time.Second)
	s.most = int(min(int64(cfg.MaxCommitments), max(0, seconds)*blocksPerSecond/int64(cfg.CommitPeriod)+1))
	s.rewind()
	return s
}

func (s *Sync) rewind() {
	s.tip = tip{hash: s.start.Hash, bits: s.start.Header.Bits, height: int64(s.start.Height), work: new(big.Int).Set(s.start.Work)}
	s.base = s.start.Hash
}

// State returns how far the proof has come.
func (s *Sync) State() State { return s.state }

// Locator returns the hash to put before the known chain's locator in the next
// request: the end of what the pass has seen.
func (s *Sync) Locator() []chainhash.Hash { return []chainhash.Hash{s.tip.hash} }

// Next takes the next answer of the peer, of linked headers that carry their
// own proof of work; full says that the message could hold no more. It returns
// the headers that may be kept, in order, and whether to ask on. Headers that
// come when the state is [Done] are for the caller to take directly.
func (s *Sync) Next(headers []wire.BlockHeader, full bool) (release []wire.BlockHeader, more bool, err error) {
	if s.state == Presync {
		if err := s.first(headers); err != nil {
			return nil, false, err
		}
		if s.state == Presync && !full {
			return nil, false, giveUp(events.LowWorkHeaders, "the chain ends at height %d with work %x of %x", s.tip.height, s.tip.work, s.minWork)
		}
		return nil, true, nil
	}
	for i := range headers {
		if err := s.again(&headers[i]); err != nil {
			return nil, false, err
		}
	}
	release = s.release()
	if s.known {
		s.state = Done
		s.held, s.bits = nil, nil
		return release, full, nil
	}
	if !full {
		return nil, false, giveUp(events.LowWorkHeaders, "the second download ends at height %d with work %x of %x", s.tip.height, s.tip.work, s.minWork)
	}
	return release, true, nil
}

// first is the first pass over one message.
func (s *Sync) first(headers []wire.BlockHeader) error {
	for i := range headers {
		if err := s.advance(&headers[i]); err != nil {
			return err
		}
		if s.commits(s.tip.height) {
			if s.count == s.most {
				return giveUp(events.InvalidHeader, "a chain of over %d headers cannot be valid by now", int64(s.most)*int64(s.cfg.CommitPeriod))
			}
			s.keep(s.bit(s.tip.hash))
		}
		if s.tip.work.Cmp(s.minWork) >= 0 {
			s.state = Redownload
			s.held = make([]held, 0, s.room())
			s.rewind()
			return nil
		}
	}
	return nil
}

// room is how many headers the second pass may come to hold: no more than the
// first saw, less than a period until the next bit is missing, and the rest of
// the message that reaches the threshold. The buffer is made once and never
// grows.
func (s *Sync) room() int {
	seen := s.tip.height - int64(s.start.Height) + int64(s.cfg.CommitPeriod) + maxMessage
	return int(min(seen, int64(s.cfg.capacity())))
}

// again is the second pass over one header.
func (s *Sync) again(h *wire.BlockHeader) error {
	if err := s.advance(h); err != nil {
		return err
	}
	if s.tip.work.Cmp(s.minWork) >= 0 {
		s.known = true
	}
	if !s.known && s.commits(s.tip.height) {
		if s.next == s.count {
			return giveUp(events.ChangedHeaders, "the chain is longer than the one that was shown first")
		}
		if s.kept(s.next) != s.bit(s.tip.hash) {
			return giveUp(events.ChangedHeaders, "the header at height %d is not the one that was shown first", s.tip.height)
		}
		s.next++
	}
	s.held = append(s.held, held{h.MerkleRoot, h.Version, uint32(h.Timestamp.Unix()), h.Bits, h.Nonce}) // as on the wire
	return nil
}

// advance moves the pass to a header that must be the tip's child.
func (s *Sync) advance(h *wire.BlockHeader) error {
	if h.PrevBlock != s.tip.hash {
		return giveUp(events.UnsortedHeaders, "the header at height %d does not build on the one before it", s.tip.height+1)
	}
	height := s.tip.height + 1
	if !permitted(s.params, height, s.tip.bits, h.Bits) {
		return giveUp(events.InvalidHeader, "difficulty %08x at height %d cannot follow %08x", h.Bits, height, s.tip.bits)
	}
	s.tip.hash, s.tip.bits, s.tip.height = h.BlockHash(), h.Bits, height
	s.tip.work.Add(s.tip.work, blockchain.CalcWork(h.Bits))
	return nil
}

// release hands out what need not be held back any longer.
func (s *Sync) release() []wire.BlockHeader {
	n := len(s.held) - s.cfg.BufferSize
	if s.known {
		n = len(s.held)
	}
	if n <= 0 {
		return nil
	}
	out := make([]wire.BlockHeader, n)
	for i, h := range s.held[:n] {
		out[i] = wire.BlockHeader{
			Version: h.version, PrevBlock: s.base, MerkleRoot: h.merkle,
			Timestamp: time.Unix(int64(h.time), 0), Bits: h.bits, Nonce: h.nonce,
		}
		s.base = out[i].BlockHash()
	}
	s.held = append(s.held[:0], s.held[n:]...)
	return out
}

func (s *Sync) commits(height int64) bool {
	return height%int64(s.cfg.CommitPeriod) == s.offset
}

// bit is the commitment to a hash.
func (s *Sync) bit(hash chainhash.Hash) bool {
	sum := sha256.Sum256(append(s.salt[:len(s.salt):len(s.salt)], hash[:]...))
	return sum[0]&1 == 1
}

func (s *Sync) keep(b bool) {
	if s.count%wordBits == 0 {
		if len(s.bits) == cap(s.bits) { // doubled by hand: append would go beyond the bound
			s.bits = append(make([]uint64, 0, min(max(leastWords, 2*len(s.bits)), words(s.most))), s.bits...)
		}
		s.bits = append(s.bits, 0)
	}
	if b {
		s.bits[s.count/wordBits] |= 1 << (s.count % wordBits)
	}
	s.count++
}

func (s *Sync) kept(i int) bool { return s.bits[i/wordBits]>>(i%wordBits)&1 == 1 }
