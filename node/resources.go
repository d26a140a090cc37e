package node

import (
	"bytes"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"

	"github.com/pappus-network/pappus/api/dashboard"
)

// heapMetric is the memory that live objects take, and those that are not collected yet.
const heapMetric = "/memory/classes/heap/objects:bytes"

// resources returns what this process takes. What a system does not tell is 0.
func resources() dashboard.Resources {
	r := dashboard.Resources{RSS: resident(), Goroutines: runtime.NumGoroutine()}
	sample := []metrics.Sample{{Name: heapMetric}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		r.Heap = int64(sample[0].Value.Uint64()) // far below 2^63
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		r.Files = len(open)
	}
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) == nil {
		r.CPU = (time.Duration(used.Utime.Nano()) + time.Duration(used.Stime.Nano())).Seconds()
	}
	return r
}

// resident reads the second number of Linux's statm, in pages.
func resident() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
