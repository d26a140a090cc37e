package chain

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/blockchain/indexers"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btclog"
)

// levelTrace is below slog's lowest named level, as btclog's is.
const levelTrace = slog.LevelDebug - 4

// btcd's packages log to package variables, so there is one target for the process:
// the logger of the chain that was opened last.
var (
	btcdLog     atomic.Pointer[slog.Logger]
	btcdLogOnce sync.Once
)

// bridgeLogs lets the lines of btcd's packages come out of log.
func bridgeLogs(log *slog.Logger) {
	btcdLog.Store(log)
	btcdLogOnce.Do(func() {
		blockchain.UseLogger(bridge("blockchain"))
		indexers.UseLogger(bridge("indexers"))
		mempool.UseLogger(bridge("mempool"))
		mining.UseLogger(bridge("mining"))
		database.UseLogger(bridge("database"))
	})
}

// bridge is btcd's logger interface on top of ours; its value names the part of btcd.
type bridge string

func (b bridge) line(level slog.Level, text func() string) {
	log, ctx := btcdLog.Load(), context.Background()
	if log.Enabled(ctx, level) {
		log.LogAttrs(ctx, level, "btcd", slog.String("part", string(b)), slog.String("text", text()))
	}
}

func (b bridge) format(level slog.Level, format string, params []any) {
	b.line(level, func() string { return fmt.Sprintf(format, params...) })
}

func (b bridge) print(level slog.Level, v []any) {
	b.line(level, func() string { return fmt.Sprint(v...) })
}

func (b bridge) Tracef(format string, params ...any)    { b.format(levelTrace, format, params) }
func (b bridge) Debugf(format string, params ...any)    { b.format(slog.LevelDebug, format, params) }
func (b bridge) Infof(format string, params ...any)     { b.format(slog.LevelInfo, format, params) }
func (b bridge) Warnf(format string, params ...any)     { b.format(slog.LevelWarn, format, params) }
func (b bridge) Errorf(format string, params ...any)    { b.format(slog.LevelError, format, params) }
func (b bridge) Criticalf(format string, params ...any) { b.format(slog.LevelError, format, params) }

func (b bridge) Trace(v ...any)    { b.print(levelTrace, v) }
func (b bridge) Debug(v ...any)    { b.print(slog.LevelDebug, v) }
func (b bridge) Info(v ...any)     { b.print(slog.LevelInfo, v) }
func (b bridge) Warn(v ...any)     { b.print(slog.LevelWarn, v) }
func (b bridge) Error(v ...any)    { b.print(slog.LevelError, v) }
func (b bridge) Critical(v ...any) { b.print(slog.LevelError, v) }

// Level answers for callers that want to skip costly lines; slog decides anyway.
func (b bridge) Level() btclog.Level {
	switch log, ctx := btcdLog.Load(), context.Background(); {
	case log.Enabled(ctx, levelTrace):
		return btclog.LevelTrace
	case log.Enabled(ctx, slog.LevelDebug):
		return btclog.LevelDebug
	case log.Enabled(ctx, slog.LevelInfo):
		return btclog.LevelInfo
	default:
		return btclog.LevelWarn
	}
}

// SetLevel does nothing: the level is slog's.
func (b bridge) SetLevel(btclog.Level) {}
