package cases

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// topology returns whom each of n instances links to, by seq from 1: its successor in a
// ring, so that the graph is connected, and others drawn at random, degree in all as far
// as there are so many. No two link to one another: two that dial each other at the same
// moment from the ports that they listen on meet half-way, and neither gets through.
func topology(n, degree int, src *rand.Rand) [][]int {
	links := make([][]int, n+1)
	linked := func(a, b int) bool { return slices.Contains(links[a], b) || slices.Contains(links[b], a) }
	for seq := 1; seq <= n; seq++ {
		if next := seq%n + 1; !linked(seq, next) {
			links[seq] = append(links[seq], next)
		}
	}
	// One link each a turn, so that whoever comes last finds as many as the first.
	for range degree - 1 {
		for seq := 1; seq <= n; seq++ {
			for _, k := range src.Perm(n) {
				if other := k + 1; other != seq && !linked(seq, other) {
					links[seq] = append(links[seq], other)
					break
				}
			}
		}
	}
	return links
}

// links returns whom this instance links to.
func (i *instance) links() []Contact {
	var all []Contact
	for _, seq := range topology(i.count, i.params.Degree, i.draw(forLinks))[i.seq] {
		all = append(all, i.all[seq-1])
	}
	return all
}

// connect opens this instance's links and returns when all instances have theirs.
func (i *instance) connect(ctx context.Context) error {
	if err := i.link(ctx, i.links()); err != nil {
		return err
	}
	return i.meet(ctx, "connected")
}

// link opens links and returns when they are up.
func (i *instance) link(ctx context.Context, to []Contact) error {
	return i.patiently(ctx, func(ctx context.Context) error {
		for _, c := range to {
			if err := i.node.Link(ctx, c.Addr); err != nil {
				return fmt.Errorf("link to instance %d: %w", c.Seq, err)
			}
		}
		var missing []string
		err := i.node.Await(ctx, "have its links", func() bool {
			peers, err := i.node.Peers(ctx)
			if err != nil {
				return false
			}
			missing = missing[:0]
			for _, c := range to {
				if !slices.Contains(peers, c.ID) {
					missing = append(missing, fmt.Sprint(c.Seq))
				}
			}
			return len(missing) == 0
		})
		if err != nil {
			return fmt.Errorf("%w: no link to instance %s", err, strings.Join(missing, ", "))
		}
		return nil
	})
}
