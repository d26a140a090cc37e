package node

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// maxMineFactor cuts the exponential's tail: the next block comes within five
// mean times (the draw exceeds that once in 148 blocks), so that a private
// network never seems to hang.
const maxMineFactor = 5

// miner finds a block every now and then on networks where a CPU can, so that
// a private network moves by itself. Times between blocks are exponential, as
// they are where mining is work.
type miner struct {
	mine   func(ctx context.Context, script []byte, n int) ([]chainhash.Hash, error)
	ready  func() bool // false while there is a chain to catch up with first
	script []byte
	every  time.Duration
	src    *rand.Rand
	log    *slog.Logger
}

// Run mines until ctx ends.
func (m *miner) Run(ctx context.Context) error {
	for {
		factor := min(m.src.ExpFloat64(), maxMineFactor)
		wait := time.NewTimer(time.Duration(factor * float64(m.every)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		if !m.ready() {
			continue
		}
		hashes, err := m.mine(ctx, m.script, 1)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("mine a block: %w", err)
		}
		if len(hashes) == 0 {
			continue // stopped in the middle
		}
		m.log.InfoContext(ctx, "mined a block", "hash", hashes[0])
	}
}

func (n *Node) miner() *miner {
	return &miner{
		mine:   n.chain.Mine,
		ready:  n.mayMine,
		script: n.payTo,
		every:  n.cfg.MineEvery,
		src:    rand.New(n.src), // when to mine is no secret
		log:    n.log,
	}
}

// mayMine is false while there is, or may be, a longer chain to fetch first.
func (n *Node) mayMine() bool {
	if up, _ := n.peers.count(); up == 0 {
		return len(n.cfg.Connect)+len(n.cfg.AddNode) == 0
	}
	return !n.sync.Progress().Syncing
}
