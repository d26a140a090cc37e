package gossip

import (
	"context"
	"log/slog"
)

// quiet passes on what pubsub warns of, and neither that it starts and stops nor that it
// leaves alone whom it is told to.
type quiet struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "ignoring connection from blacklisted peer" {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
