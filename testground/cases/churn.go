package cases

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// leavers draws who leaves in each round: a share of n instances, at least one, never
// the leader.
func leavers(n, rounds int, share float64, src *rand.Rand) [][]int {
	each := min(max(1, int(share*float64(n))), n-1)
	all := make([][]int, rounds)
	for r := range all {
		for _, k := range src.Perm(n - 1)[:each] {
			all[r] = append(all[r], k+leader+1)
		}
		slices.Sort(all[r])
	}
	return all
}

// churning: some leave without a word, the others go on with transactions and blocks,
// and who comes back catches up.
func churning(ctx context.Context, i *instance) error {
	if i.leads() && !i.env.TestSidecar {
		i.say("SKIPPED: nobody falls silent with its links open, because this runner shapes no network; all who leave are killed")
	}
	coins, err := i.prepare(ctx, i.params.Rounds)
	if err != nil {
		return err
	}
	for round, gone := range leavers(i.count, i.params.Rounds, i.params.Leave, i.draw(forLeaving)) {
		// Every second time the network goes instead of the process.
		silent := round%2 == 1 && i.env.TestSidecar
		if err := i.turn(ctx, round, gone, silent, coins[round]); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// turn is one round.
func (i *instance) turn(ctx context.Context, round int, gone []int, silent bool, coin Coin) error {
	named := func(what string) string { return fmt.Sprintf("%s-%d", what, round) }
	leaves := slices.Contains(gone, i.seq)
	if leaves {
		if err := i.leave(ctx, silent); err != nil {
			return err
		}
	}
	if err := i.meet(ctx, named("left")); err != nil {
		return err
	}
	left := time.Now()
	if err := i.goOn(ctx, named("churn-sent"), leaves, coin); err != nil {
		return err
	}
	if err := i.meet(ctx, named("reached")); err != nil {
		return err
	}
	if i.leads() {
		if _, err := i.mine(ctx, 2); err != nil {
			return err
		}
	}
	tip, err := i.announceTip(ctx, named("churn-tip"))
	if err != nil {
		return err
	}
	if leaves {
		if err := pause(ctx, i.params.Down-time.Since(left)); err != nil {
			return err
		}
		if err := i.comeBack(ctx, silent, tip); err != nil {
			return err
		}
	} else if err := i.reach(ctx, tip.Block); err != nil {
		return err
	}
	if i.leads() {
		i.say("round %d: %d of %d left (%s); the others had the transaction and both blocks", round, len(gone), i.count, manner(silent))
	}
	return i.meet(ctx, named("back"))
}

// goOn has the leader send a transaction, and all who have stayed have it.
func (i *instance) goOn(ctx context.Context, topic string, leaves bool, coin Coin) error {
	sent, err := tell(ctx, i, topic, i.leads(), func(ctx context.Context) (Sent, error) { return i.send(ctx, coin) })
	if err != nil || leaves {
		return err
	}
	if err := i.have(ctx, []Sent{sent}); err != nil {
		return err
	}
	if at, ok := i.node.Diary.Accepted(sent.Tx); ok && !i.leads() {
		i.recordTime("arrival", time.Duration(at.UnixNano()-sent.At))
	}
	return nil
}

func manner(silent bool) string {
	if silent {
		return "silently"
	}
	return "killed"
}

// leave goes away without a word: the process is killed, or its network is cut.
func (i *instance) leave(ctx context.Context, silent bool) error {
	if silent {
		return i.shape(ctx, false, nil)
	}
	i.node.Kill()
	return nil
}

// comeBack starts again with the same data and catches up.
func (i *instance) comeBack(ctx context.Context, silent bool, tip Mined) error {
	began := time.Now()
	if silent {
		if err := i.shape(ctx, true, nil); err != nil {
			return err
		}
	} else {
		if err := i.patiently(ctx, i.node.Start); err != nil {
			return fmt.Errorf("come back: %w", err)
		}
		if err := i.link(ctx, i.links()); err != nil {
			return err
		}
	}
	if err := i.reach(ctx, tip.Block); err != nil {
		return err
	}
	i.recordTime("rejoin", time.Since(began))
	return nil
}
