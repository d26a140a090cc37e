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

// btcd's levels are one below ours: what it tells an operator ("Flushing UTXO cache
// … can take up to several minutes") is what we tell a developer; the node says in its
// own words what matters. Warnings and errors stay what they are.
const (
	levelTrace = slog.LevelDebug - 8
	levelDebug = slog.LevelDebug - 4
	levelInfo  = slog.LevelDebug
)

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
		mempool.UseLogger(mempoolPart)
		mining.UseLogger(bridge("mining"))
		database.UseLogger(bridge("database"))
	})
}

// bridge is btcd's logger interface on top of ours; its value names the part of btcd.
type bridge string

const mempoolPart bridge = "mempool"

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
func (b bridge) Debugf(format string, params ...any)    { b.format(levelDebug, format, params) }
func (b bridge) Infof(format string, params ...any)     { b.format(levelInfo, format, params) }
func (b bridge) Warnf(format string, params ...any)     { b.format(slog.LevelWarn, format, params) }
func (b bridge) Errorf(format string, params ...any)    { b.format(b.errors(), format, params) }
func (b bridge) Criticalf(format string, params ...any) { b.format(slog.LevelError, format, params) }

func (b bridge) Trace(v ...any)    { b.print(levelTrace, v) }
func (b bridge) Debug(v ...any)    { b.print(levelDebug, v) }
func (b bridge) Info(v ...any)     { b.print(levelInfo, v) }
func (b bridge) Warn(v ...any)     { b.print(slog.LevelWarn, v) }
func (b bridge) Error(v ...any)    { b.print(slog.LevelError, v) }
func (b bridge) Critical(v ...any) { b.print(slog.LevelError, v) }

// errors is how loud errors are. The only one of the mempool's is that a transaction
// is refused, which is what whoever asked is told.
func (b bridge) errors() slog.Level {
	if b == mempoolPart {
		return levelDebug
	}
	return slog.LevelError
}

// Level answers for callers that want to skip costly lines; slog decides anyway.
func (b bridge) Level() btclog.Level {
	switch log, ctx := btcdLog.Load(), context.Background(); {
	case log.Enabled(ctx, levelTrace):
		return btclog.LevelTrace
	case log.Enabled(ctx, levelDebug):
		return btclog.LevelDebug
	case log.Enabled(ctx, levelInfo):
		return btclog.LevelInfo
	default:
		return btclog.LevelWarn
	}
}

// SetLevel does nothing: the level is slog's.
func (b bridge) SetLevel(btclog.Level) {}
