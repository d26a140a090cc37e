package relay

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// Peers came and went under the lock of the node's table of peers, and telling the relay
// waited for its locks, which are held while a transaction is validated: one expensive
// transaction in its stem stopped all handshakes, gossip's question who is admitted, and
// the operator's list of peers, for seconds.
func TestWhoeverTellsOfPeersDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoster()
		ctx, stop := context.WithCancel(t.Context())
		busy, done := make(chan struct{}), make(chan error, 1)
		var told []turnover
		go func() {
			done <- r.tell(ctx, func(t turnover) {
				<-busy // a validation
				told = append(told, t)
			})
		}()
		want := []turnover{
			{peer: "a", link: Link{Inbound: true}}, {peer: "b"}, {peer: "a", gone: true}, {peer: "a", link: Link{Full: true}},
		}
		for _, w := range want {
			r.note(w) // the bubble would not go on if it waited
			synctest.Wait()
		}
		if len(told) > 0 {
			t.Errorf("%v told during a validation", told)
		}
		close(busy)
		synctest.Wait()
		if !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
