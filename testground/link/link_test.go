package link_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pappus-network/pappus/testground/link"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func shaped(t *testing.T, s link.Shape) *link.Link {
	t.Helper()
	l := link.New(rand.NewPCG(1, 2))
	if err := l.Shape(s); err != nil {
		t.Fatal(err)
	}
	return l
}

// Times are milliseconds.
func TestSend(t *testing.T) {
	type packet struct{ at, size, due int }
	for name, c := range map[string]struct {
		shape   link.Shape
		packets []packet
	}{
		"no shape, no delay": {link.Shape{}, []packet{{0, 1500, 0}, {0, 1500, 0}, {5, 1, 5}}},
		"latency":            {link.Shape{Latency: 50 * time.Millisecond}, []packet{{0, 1500, 50}, {10, 1, 60}}},
		"bandwidth: a packet of a second's worth takes a second, and the next waits": {
			link.Shape{Bandwidth: 1000}, []packet{{0, 1000, 1000}, {0, 500, 1500}, {400, 500, 2000}, {5000, 100, 5100}},
		},
		"bandwidth, then latency": {link.Shape{Bandwidth: 1000, Latency: 100 * time.Millisecond}, []packet{{0, 1000, 1100}, {100, 1000, 2100}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := shaped(t, c.shape)
			for _, p := range c.packets {
				due, ok := l.Send(start.Add(time.Duration(p.at)*time.Millisecond), p.size)
				if got := due.Sub(start); !ok || got != time.Duration(p.due)*time.Millisecond {
					t.Errorf("sent at %d: due at %v (%v), want %d ms", p.at, got, ok, p.due)
				}
			}
		})
	}
}

// Of 20,000 packets 5 % ± 4 standard deviations of 0.154 % are lost: one seed in 16,000
// would fail.
func TestLoss(t *testing.T) {
	l := shaped(t, link.Shape{Loss: 0.05})
	const sent = 20_000
	lost := 0
	for i := range sent {
		if _, ok := l.Send(start.Add(time.Duration(i)*time.Second), 100); !ok {
			lost++
		}
	}
	if share := float64(lost) / sent; math.Abs(share-0.05) > 4*0.00154 {
		t.Errorf("%.4f are lost", share)
	}
	for share, want := range map[float64]bool{0: true, 1: false} {
		if _, ok := shaped(t, link.Shape{Loss: share}).Send(start, 1); ok != want {
			t.Errorf("loss %v: arrives %v", share, ok)
		}
	}
}

func TestJitterStaysInBoundsAndInOrder(t *testing.T) {
	l := shaped(t, link.Shape{Latency: 50 * time.Millisecond, Jitter: 20 * time.Millisecond})
	var last time.Time
	least, most := time.Hour, time.Duration(0)
	for i := range 2000 {
		at := start.Add(time.Duration(i) * time.Second / 10)
		for range 2 { // the second must not overtake the first
			due, ok := l.Send(at, 100)
			if !ok || due.Before(last) {
				t.Fatalf("packet %d: due %v, the one before %v", i, due, last)
			}
			last = due
			least, most = min(least, due.Sub(at)), max(most, due.Sub(at))
		}
	}
	// 4,000 draws from 40 ms come within 1 ms of either end.
	if least < 30*time.Millisecond || least > 31*time.Millisecond || most > 70*time.Millisecond || most < 69*time.Millisecond {
		t.Errorf("from %v to %v", least, most)
	}
}

// A queue that is full drops, and empties with time.
func TestQueueIsBounded(t *testing.T) {
	l := shaped(t, link.Shape{Latency: time.Second})
	for i := range 1000 {
		if _, ok := l.Send(start, 1500); !ok {
			t.Fatalf("packet %d is dropped", i)
		}
	}
	if _, ok := l.Send(start, 1500); ok {
		t.Error("packet 1,001 is taken")
	}
	if _, ok := l.Send(start.Add(time.Second), 1500); !ok {
		t.Error("a second later the queue is not empty")
	}
}

func TestShapesThatNoLinkHas(t *testing.T) {
	for _, s := range []link.Shape{
		{Latency: -1}, {Jitter: -1}, {Latency: 1, Jitter: 2}, {Loss: -0.1}, {Loss: 1.1}, {Loss: math.NaN()},
	} {
		if err := link.New(rand.NewPCG(1, 1)).Shape(s); !errors.Is(err, link.ErrShape) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
