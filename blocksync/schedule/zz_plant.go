package schedule

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/pappus-network/pappus/store"
)

var _ = time.Now()
var _ = rand.IntN(3)
var _ sync.Mutex
var _ = slog.Default
var _ = os.Getenv
var _ context.Context
var _ *store.Store
