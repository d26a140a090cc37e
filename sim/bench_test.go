package sim

import (
	"fmt"
	"testing"
	"time"
)

// What an event costs as the network grows: the queue costs the same, and a network
// that outgrows the processor's caches costs misses. Compare ns/event between
// sizes of one run.
func BenchmarkEvents(b *testing.B) {
	for _, size := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d", size), func(b *testing.B) {
			g := p2p(b, size, 1)
			cfg := DefaultConfig()
			cfg.Fluff, cfg.Load.Count, cfg.Load.Interval = Diffusion, 5, 2*time.Second
			events := uint64(0)
			for b.Loop() {
				events += run(b, cfg, g).Events
			}
			spent := b.Elapsed()
			b.ReportMetric(float64(spent.Nanoseconds())/float64(events), "ns/event")
			b.ReportMetric(float64(events)/spent.Seconds(), "events/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// The queue alone, as full as a transaction's peak in a network of 35,000 makes it.
func BenchmarkQueue(b *testing.B) {
	var q queue
	for i := range int32(300_000) {
		q.push(time.Duration(i*7919%300_000), event{})
	}
	for b.Loop() {
		e, _ := q.pop()
		q.push(time.Duration(e.at+300_000), e)
	}
}
