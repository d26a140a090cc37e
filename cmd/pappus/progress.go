package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	// redrawEvery is how often the line on a terminal changes: quick enough to
	// be seen moving, slow enough to be read.
	redrawEvery = 500 * time.Millisecond

	// plainEvery is how often work that is not watched on a terminal writes a
	// line: six a minute in a log. Source: issue 2.
	plainEvery = 10 * time.Second

	// clearLine returns to the line's begin and erases it (ECMA-48: CR, EL).
	clearLine = "\r\x1b[K"

	// usualWidth is that of a terminal that does not tell its own, as one
	// without a window in a container. Source: VT100.
	usualWidth = 80
)

// meter shows how far long work has come: on a terminal as one line that is
// rewritten, elsewhere as a plain line now and then. It is safe for concurrent
// use. Whatever else is written to the terminal goes through it as well.
type meter struct {
	out   io.Writer
	width func() int // of the terminal; nil = out is none

	mu    sync.Mutex
	line  string // on the screen
	shown time.Time
}

func newMeter(out io.Writer, now time.Time) *meter {
	m := &meter{out: out, shown: now}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		m.width = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				return usualWidth
			}
			return width
		}
	}
	return m
}

// isTerminal says whether somebody may be watching.
func (m *meter) isTerminal() bool { return m.width != nil }

// show replaces the line, unless the last one is too young.
func (m *meter) show(now time.Time, format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	every := plainEvery
	if m.isTerminal() {
		every = redrawEvery
	}
	if now.Sub(m.shown) < every {
		return
	}
	m.shown = now
	line := fmt.Sprintf(format, args...)
	if !m.isTerminal() {
		fmt.Fprintln(m.out, line)
		return
	}
	// A line that wraps could not be erased.
	if runes := []rune(line); len(runes) >= m.width() {
		line = string(runes[:max(m.width()-1, 0)])
	}
	m.line = line
	fmt.Fprint(m.out, clearLine+line)
}

// Write writes above the line.
func (m *meter) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.line != "" {
		fmt.Fprint(m.out, clearLine)
		defer fmt.Fprint(m.out, m.line)
	}
	return m.out.Write(p)
}

// end takes the line away.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.line != "" {
		fmt.Fprint(m.out, clearLine)
		m.line = ""
	}
}

// pace is the rate of work whose end is known.
type pace struct {
	begin time.Time
	total float64 // 0 = nobody knows
}

// rate returns what was done in a second, and the time that the rest will take
// in words.
func (p pace) rate(now time.Time, done float64) (perSecond float64, eta string) {
	spent := now.Sub(p.begin).Seconds()
	if spent <= 0 || done <= 0 {
		return 0, "unknown"
	}
	perSecond = done / spent
	if p.total <= 0 {
		return perSecond, "unknown"
	}
	return perSecond, span(time.Duration((p.total - done) / perSecond * float64(time.Second)))
}

// share returns done in percent.
func (p pace) share(done float64) float64 {
	if p.total <= 0 {
		return 0
	}
	return 100 * done / p.total
}
