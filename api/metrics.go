package api

import (
	"fmt"
	"strconv"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts calls. Labels are method names of ours and error codes, so
// that no caller can add a series. A nil value counts nothing.
type metrics struct {
	calls    *prometheus.CounterVec   // method, code
	refused  *prometheus.CounterVec   // status
	duration *prometheus.HistogramVec // method
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	if registry == nil {
		return nil, nil //nolint:nilnil // off
	}
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "pappus", Name: "api_calls_total", Help: "JSON-RPC calls by method and error code (0 = done).",
		}, []string{"method", "code"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "pappus", Name: "api_refused_total", Help: "HTTP requests refused before any call, by status.",
		}, []string{"status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "pappus", Name: "api_call_seconds", Help: "Time that a method took.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 8, 7), // 0.1 ms … 26 s
		}, []string{"method"}),
	}
	for _, c := range []prometheus.Collector{m.calls, m.refused, m.duration} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) called(method string, err *btcjson.RPCError, took time.Duration) {
	if m == nil {
		return
	}
	m.calls.WithLabelValues(method, strconv.Itoa(codeOf(err))).Inc()
	m.duration.WithLabelValues(method).Observe(took.Seconds())
}

func (m *metrics) refuse(status int) {
	if m == nil {
		return
	}
	m.refused.WithLabelValues(strconv.Itoa(status)).Inc()
}
