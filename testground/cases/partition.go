package cases

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Blocks that the halves mine while they are apart: the second has more work, and its
// branch must win.
const (
	firstBlocks  = 2
	secondBlocks = 3
)

// partitioned: two halves of the network go on without each other and then agree, on the
// branch with more work.
func partitioned(ctx context.Context, i *instance) error {
	if _, err := i.prepare(ctx, 0); err != nil {
		return err
	}
	half := i.count / 2 // numbers 1 to half, and the others
	second := i.seq > half
	var away []Contact
	for _, c := range i.all {
		if (c.Seq > half) != second {
			away = append(away, c)
		}
	}
	if err := i.cut(ctx, away); err != nil {
		return err
	}
	if err := i.meet(ctx, "cut"); err != nil {
		return err
	}
	since := time.Now()
	ours, theirs, err := i.apart(ctx, half, second)
	if err != nil {
		return err
	}
	if err := pause(ctx, i.params.Cut-time.Since(since)); err != nil {
		return err
	}
	// Had anything come through, the first half would not be on its own branch.
	switch tip, err := i.node.Tip(ctx); {
	case err != nil:
		return err
	case tip != ours.Block:
		return fmt.Errorf("after %v apart its tip is %s and not its half's, %s", time.Since(since), tip, ours.Block)
	}
	if err := i.meet(ctx, "still apart"); err != nil {
		return err
	}
	healed := time.Now()
	if err := i.heal(ctx, away); err != nil {
		return err
	}
	winner := ours
	if !second {
		winner = theirs
	}
	if err := i.reach(ctx, winner.Block); err != nil {
		return err
	}
	if !second {
		i.recordTime("consistency", time.Since(healed))
	}
	if i.leads() {
		i.say("apart for %v, of one mind again %v after", healed.Sub(since).Round(time.Millisecond), time.Since(healed).Round(time.Millisecond))
	}
	return nil
}

// apart has each half mine, and returns this half's tip and the other's.
func (i *instance) apart(ctx context.Context, half int, second bool) (ours, theirs Mined, err error) {
	mining := i.seq == leader || i.seq == half+1
	if mining {
		n := firstBlocks
		if second {
			n = secondBlocks
		}
		if _, err := i.mine(ctx, n); err != nil {
			return ours, theirs, err
		}
	}
	tips := make([]Mined, 2)
	for k, topic := range []string{"first-tip", "second-tip"} {
		speaks := mining && second == (k == 1)
		if tips[k], err = i.tipOf(ctx, topic, speaks); err != nil {
			return ours, theirs, err
		}
	}
	ours, theirs = tips[0], tips[1]
	if second {
		ours, theirs = theirs, ours
	}
	return ours, theirs, i.reach(ctx, ours.Block)
}

// cut makes the other half unreachable: its packets are dropped where the network is
// shaped, and its links are closed where it is not.
func (i *instance) cut(ctx context.Context, away []Contact) error {
	if i.env.TestSidecar {
		return i.shape(ctx, true, away)
	}
	if i.leads() {
		i.say("SKIPPED: no packet is dropped, because this runner shapes no network; the halves close their links instead")
	}
	return i.patiently(ctx, func(ctx context.Context) error {
		for _, c := range away {
			if err := i.node.Unlink(ctx, c.ID); err != nil {
				return fmt.Errorf("let go of number %d: %w", c.Seq, err)
			}
		}
		// Nobody dials any more once all are here.
		if err := i.meet(ctx, "let go"); err != nil {
			return err
		}
		for _, c := range away {
			if err := i.node.Disconnect(ctx, c.ID); err != nil {
				return fmt.Errorf("disconnect number %d: %w", c.Seq, err)
			}
		}
		return i.node.Await(ctx, "be without links to the other half", func() bool {
			peers, err := i.node.Peers(ctx)
			return err == nil && !slices.ContainsFunc(away, func(c Contact) bool { return slices.Contains(peers, c.ID) })
		})
	})
}

// heal undoes cut.
func (i *instance) heal(ctx context.Context, away []Contact) error {
	if i.env.TestSidecar {
		return i.shape(ctx, true, nil)
	}
	back := slices.DeleteFunc(i.links(), func(c Contact) bool {
		return !slices.ContainsFunc(away, func(a Contact) bool { return a.ID == c.ID })
	})
	return i.link(ctx, back)
}
