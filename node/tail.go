package node

import (
	"context"
	"log/slog"
	"sync"

	"github.com/pappus-network/pappus/api/dashboard"
)

// keptLines is how much of the log the dashboard can show: ~300 bytes a line.
const keptLines = 500

// tail keeps the last lines of a log for the dashboard, and passes all of it on. Lines
// below info are not kept: they may tell where transactions come from (mechanism 3).
type tail struct {
	slog.Handler
	kept   *lines
	attrs  []slog.Attr
	prefix string // of open groups
}

// lines is a ring.
type lines struct {
	mu   sync.Mutex
	ring [keptLines]dashboard.Line
	next int // counts all lines
}

func newTail(next slog.Handler) *tail { return &tail{Handler: next, kept: new(lines)} }

// Handle implements slog.Handler.
func (t *tail) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		l := dashboard.Line{When: r.Time.UnixMilli(), Level: r.Level.String(), Msg: r.Message, Attrs: make(map[string]string)}
		for _, a := range t.attrs {
			l.Attrs[a.Key] = a.Value.String()
		}
		r.Attrs(func(a slog.Attr) bool {
			l.Attrs[t.prefix+a.Key] = a.Value.Resolve().String()
			return true
		})
		t.kept.add(l)
	}
	if !t.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return t.Handler.Handle(ctx, r)
}

// Enabled implements slog.Handler: lines are kept whatever is written.
func (t *tail) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || t.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (t *tail) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *t
	with.Handler = t.Handler.WithAttrs(attrs)
	with.attrs = append([]slog.Attr{}, t.attrs...)
	for _, a := range attrs {
		with.attrs = append(with.attrs, slog.Attr{Key: t.prefix + a.Key, Value: a.Value.Resolve()})
	}
	return &with
}

// WithGroup implements slog.Handler.
func (t *tail) WithGroup(name string) slog.Handler {
	with := *t
	with.Handler = t.Handler.WithGroup(name)
	with.prefix = t.prefix + name + "."
	return &with
}

func (l *lines) add(line dashboard.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[l.next%keptLines] = line
	l.next++
}

// last returns at most so many lines, the oldest first.
func (t *tail) last(most int) []dashboard.Line {
	l := t.kept
	l.mu.Lock()
	defer l.mu.Unlock()
	first := max(0, l.next-min(most, keptLines))
	all := make([]dashboard.Line, 0, l.next-first)
	for i := first; i < l.next; i++ {
		all = append(all, l.ring[i%keptLines])
	}
	return all
}
