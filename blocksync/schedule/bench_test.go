package schedule

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// BenchmarkBlock is the whole way of a block through the schedule, with eight
// peers: planned, asked for, received, taken, done.
func BenchmarkBlock(b *testing.B) {
	cfg := DefaultConfig()
	s := New(cfg)
	now := time.Unix(1_700_000_000, 0)
	for i := range 8 {
		p := peer.ID(rune('a' + i))
		s.Join(now, p)
		s.Has(p, 1<<30)
	}
	planned := uint64(0)
	plan := func(n int) []chainhash.Hash {
		hashes := make([]chainhash.Hash, n)
		for i := range hashes {
			planned++
			binary.LittleEndian.PutUint64(hashes[i][:], planned)
		}
		return hashes
	}
	s.Want(now, 0, plan(2*cfg.Window))
	var queue []Request
	for done := 0; b.Loop(); {
		now = now.Add(100 * time.Microsecond)
		if len(queue) == 0 {
			queue = append(queue, s.Assign(now)...)
		}
		r := &queue[0]
		s.Received(now, r.Peer, r.Hashes[0], 100_000, 200_000)
		if r.Hashes = r.Hashes[1:]; len(r.Hashes) == 0 {
			queue = queue[1:]
		}
		for h, _, ok := s.Ready(); ok; h, _, ok = s.Ready() {
			s.Done(now, h)
			if done++; done%cfg.Window == 0 {
				s.Extend(plan(cfg.Window))
			}
		}
		queue = append(queue, s.Assign(now)...)
		s.Next(now)
	}
}
