package gossip

import (
	"context"
	"log/slog"
)

// quiet passes on what pubsub warns of, and not that it starts and stops.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
