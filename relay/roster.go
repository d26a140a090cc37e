package relay

import (
	"context"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// roster notes peers that come and go, for those who are slow to hear of it: the
// stempool's lock and the mempool's are held while a transaction is validated, seconds
// at worst, and whoever tells of peers holds up all others meanwhile. It is safe for
// concurrent use.
type roster struct {
	wake chan struct{} // news has grown

	mu   sync.Mutex
	news []turnover // of as many links as come and go during one validation
}

// turnover is a peer that has come, or gone.
type turnover struct {
	peer peer.ID
	link Link
	gone bool
}

func newRoster() *roster { return &roster{wake: make(chan struct{}, 1)} }

func (r *roster) note(t turnover) {
	r.mu.Lock()
	r.news = append(r.news, t)
	r.mu.Unlock()
	nudge(r.wake)
}

// tell calls what is told of each, in the order in which they were noted, until ctx ends.
func (r *roster) tell(ctx context.Context, told func(turnover)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		}
		r.mu.Lock()
		news := r.news
		r.news = nil
		r.mu.Unlock()
		for _, t := range news {
			told(t)
		}
	}
}
