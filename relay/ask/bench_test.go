package ask

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// BenchmarkTransaction is the whole way of a transaction that eight outbound
// and eight inbound peers announce.
func BenchmarkTransaction(b *testing.B) {
	tr := New(DefaultConfig(), rand.NewPCG(1, 2))
	var peers []peer.ID
	for i := range 16 {
		peers = append(peers, peer.ID(fmt.Sprint(i)))
		tr.Join(peers[i], i%2 == 0)
	}
	now := begin
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		tx := []chainhash.Hash{numbered(n)}
		for _, p := range peers {
			tr.Announced(now, p, tx)
			tr.Tick(now)
		}
		tr.Known(tx[0])
		now = now.Add(time.Millisecond)
		tr.Next()
	}
}

// BenchmarkSpammers is a Tick after which 125 peers that have announced 5,000
// transactions each, none of which they send, are asked for the next 100.
func BenchmarkSpammers(b *testing.B) {
	var tr *Tracker
	now, asked := begin, 0
	for b.Loop() {
		if tr == nil || tr.Len() == 0 {
			b.StopTimer()
			tr = New(DefaultConfig(), rand.NewPCG(1, 2))
			spam(tr, now, 125)
			b.StartTimer()
		}
		for _, r := range tr.Tick(now) {
			asked += len(r.Txs)
		}
		now = now.Add(time.Minute)
	}
	b.ReportMetric(float64(asked)/float64(b.N), "asked/op")
}

func spam(tr *Tracker, now time.Time, peers int) {
	for i := range peers {
		p := peer.ID(fmt.Sprint(i))
		tr.Join(p, false)
		tr.Announced(now, p, numbers(i*5000, (i+1)*5000))
	}
}

// TestSpammersAreCheap bounds what the fullest memory costs.
func TestSpammersAreCheap(t *testing.T) {
	const peers = 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tr := New(DefaultConfig(), rand.NewPCG(1, 2))
	spam(tr, begin, peers)
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / peers
	t.Logf("%d kB a peer", each/1000)
	if each > 1_500_000 {
		t.Errorf("%d bytes a peer, want 1.1 MB", each)
	}
	if got := tr.Len(); got != peers*5000 {
		t.Errorf("%d transactions are wanted", got)
	}
}
