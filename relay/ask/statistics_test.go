package ask

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// TestEqualsAreChosenByChance: who announces first gains nothing, else a spy
// would be asked for whatever it announces in time.
func TestEqualsAreChosenByChance(t *testing.T) {
	const peers, rounds = 10, 10_000
	for _, inbound := range []bool{false, true} {
		tr := New(DefaultConfig(), rand.NewPCG(5, 5))
		for i := range peers {
			tr.Join(peer.ID(fmt.Sprint(i)), inbound)
		}
		got := map[peer.ID]int{}
		now := begin
		for n := range rounds {
			for i := range peers {
				tr.Announced(now, peer.ID(fmt.Sprint(i)), []chainhash.Hash{numbered(n)})
			}
			now = now.Add(3 * time.Second)
			for _, r := range tr.Tick(now) {
				got[r.Peer]++
			}
			tr.Known(numbered(n))
		}
		// Binomial with p = 1/10: standard deviation 30. Ten peers pass four of
		// them by chance once in 1,600; the seed is fixed.
		for i := range peers {
			n := got[peer.ID(fmt.Sprint(i))]
			if sd := math.Sqrt(rounds * 0.1 * 0.9); math.Abs(float64(n)-rounds/peers) > 4*sd {
				t.Errorf("inbound %v: peer %d is asked %d times, want %d ± %.0f", inbound, i, n, rounds/peers, 4*sd)
			}
		}
	}
}
