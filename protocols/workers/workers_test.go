package workers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// diary is what workers did, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// loyal works until its context ends, and writes when it begins and why it ends.
func (d *diary) loyal(name string) func(context.Context) {
	return func(ctx context.Context) {
		d.write(name + " begins")
		<-ctx.Done()
		if errors.Is(context.Cause(ctx), ErrStopped) {
			d.write(name + " is stopped")
			return
		}
		d.write(name + " ends")
	}
}

// run runs a set until the returned function is called, which waits for Run's end.
func run(t *testing.T, s *Set) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }() // ends with ctx
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	}
}

func (d *diary) want(t *testing.T, when string, lines ...string) {
	t.Helper()
	synctest.Wait()
	if got := d.read(); !slices.Equal(got, lines) {
		t.Errorf("%s: %q, want %q", when, got, lines)
	}
}

func TestSetStartsWorkersOnceItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := New(), &diary{}
		s.Start("early", d.loyal("early"))
		d.want(t, "before Run")
		end := run(t, s)
		d.want(t, "after Run", "early begins")
		s.Start("late", d.loyal("late"))
		d.want(t, "after the second Start", "early begins", "late begins")
		s.Stop("early")
		s.Stop("nobody")
		d.want(t, "after Stop", "early begins", "late begins", "early is stopped")
		end()
		d.want(t, "after Run's end", "early begins", "late begins", "early is stopped", "late ends")
	})
}

func TestSetNeverStartsWhoWasStoppedBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := New(), &diary{}
		s.Start("a", d.loyal("a"))
		s.Stop("a")
		s.Start("b", d.loyal("first b"))
		s.Start("b", d.loyal("second b"))
		end := run(t, s)
		d.want(t, "after Run", "second b begins")
		end()
	})
}

func TestSetHasOneWorkerAPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := New(), &diary{}
		end := run(t, s)
		s.Start("p", d.loyal("first"))
		d.want(t, "after Start", "first begins")
		s.Start("p", d.loyal("second"))
		synctest.Wait()
		lines := d.read()
		slices.Sort(lines) // the first may end after the second has begun
		if want := []string{"first begins", "first is stopped", "second begins"}; !slices.Equal(lines, want) {
			t.Errorf("after the second Start: %q, want %q", lines, want)
		}
		s.Stop("p")
		synctest.Wait()
		if lines := d.read(); lines[len(lines)-1] != "second is stopped" {
			t.Errorf("after Stop: %q", lines)
		}
		end()
	})
}

func TestSetsWorkersDoNotHoldUpOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := New(), &diary{}
		end := run(t, s)
		began := time.Now()
		for _, p := range []peer.ID{"a", "b", "c"} {
			s.Start(p, func(context.Context) {
				time.Sleep(time.Second)
				d.write("done")
			})
		}
		time.Sleep(time.Second)
		d.want(t, "after one second", "done", "done", "done")
		if took := time.Since(began); took != time.Second {
			t.Errorf("three seconds' work by three took %v", took)
		}
		s.Stop("a") // which has ended by itself
		end()
	})
}

// Whoever runs a set closes what the workers use once Run has returned.
func TestRunReturnsWhenAllWorkersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := New(), &diary{}
		end := run(t, s)
		slow := func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(time.Minute)
			d.write("ended")
		}
		s.Start("stopped", slow)
		s.Start("working", slow)
		synctest.Wait()
		s.Stop("stopped")
		end()
		if got := d.read(); len(got) != 2 {
			t.Errorf("Run returned when %d of 2 workers had ended", len(got))
		}
	})
}
