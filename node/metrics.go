package node

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Metrics are the node's own series. Labels are protocols and reason codes,
// never peers: their number is fixed by the code.
type Metrics struct {
	registry *prometheus.Registry

	charges   *prometheus.CounterVec // reason
	requests  *prometheus.CounterVec // protocol, reason ("" = served)
	bytes     *prometheus.CounterVec // protocol, direction
	duration  *prometheus.HistogramVec
	connected prometheus.Counter
	reorged   prometheus.Counter
	stalls    prometheus.Counter
	ups       *prometheus.CounterVec // inbound
	downs     *prometheus.CounterVec // reason
	turned    prometheus.Counter
	addresses *prometheus.CounterVec // reason ("" = taken)
	accepted  prometheus.Counter
	refused   *prometheus.CounterVec // reason
	stemmed   prometheus.Counter
	fluffed   *prometheus.CounterVec // cause
}

// NewMetrics returns the series, all at zero, in a registry of their own.
func NewMetrics() *Metrics {
	const space = "pappus"
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Name: name, Help: help}, labels)
	}
	single := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: space, Name: name, Help: help})
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		charges:  counter("peer_charges_total", "Rules that peers broke, by reason.", "reason"),
		requests: counter("requests_total", "Requests of peers answered, by protocol and reason of failure.", "protocol", "reason"),
		bytes:    counter("request_bytes_total", "Bytes of requests and answers served.", "protocol", "direction"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: space, Name: "request_seconds", Help: "Time from a request's first byte to its answer's last.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9), // 0.5 ms … 33 s
		}, []string{"protocol"}),
		connected: single("blocks_connected_total", "Blocks validated and connected."),
		reorged:   single("blocks_disconnected_total", "Blocks taken off the main chain by reorganisations."),
		stalls:    single("sync_stalls_total", "Peers that held the download window back."),
		ups:       counter("peers_up_total", "Status handshakes completed.", "inbound"),
		downs:     counter("peers_down_total", "Peers that left, by reason.", "reason"),
		turned:    single("dials_turned_away_total", "Inbound dials turned away before their handshake."),
		addresses: counter("addresses_heard_total", "Addresses that peers announced, by the reason why they were left out.", "reason"),
		accepted:  single("transactions_accepted_total", "Transactions taken into the mempool."),
		refused:   counter("transactions_refused_total", "Transactions not taken, by reason.", "reason"),
		stemmed:   single("transactions_stemmed_total", "Transactions handed on in their stem, own and relayed alike."),
		fluffed:   counter("transactions_fluffed_total", "Stems that ended here, by cause.", "cause"),
	}
	m.registry.MustRegister(m.charges, m.requests, m.bytes, m.duration, m.connected, m.reorged, m.stalls, m.ups, m.downs, m.turned,
		m.addresses, m.accepted, m.refused, m.stemmed, m.fluffed,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// gauge registers a value that is read when somebody asks.
func (m *Metrics) gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "pappus", Name: name, Help: help}, read))
}

// served counts one request that a peer put to us.
func (m *Metrics) served(o exchange.Outcome) {
	name := string(o.Protocol)
	m.requests.WithLabelValues(name, string(o.Reason)).Inc()
	m.bytes.WithLabelValues(name, "in").Add(float64(o.In))
	m.bytes.WithLabelValues(name, "out").Add(float64(o.Out))
	m.duration.WithLabelValues(name).Observe(o.Duration.Seconds())
}

// follow counts events until ctx ends.
func (m *Metrics) follow(ctx context.Context, sub *Subscription) error {
	defer sub.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-sub.C:
			m.count(e)
		}
	}
}

func (m *Metrics) count(e events.Event) {
	switch e := e.(type) {
	case events.PeerUp:
		m.ups.WithLabelValues(strconv.FormatBool(e.Inbound)).Inc()
	case events.PeerDown:
		m.downs.WithLabelValues(string(e.Reason)).Inc()
	case events.Charged:
		m.charges.WithLabelValues(string(e.Reason)).Inc()
	case events.AddressesHeard:
		m.addresses.WithLabelValues("").Add(float64(e.Taken))
		m.addresses.WithLabelValues(string(events.AddrLimited)).Add(float64(e.Limited))
		m.addresses.WithLabelValues(string(events.AddrUseless)).Add(float64(e.Useless))
	case events.BlockConnected:
		m.connected.Inc()
	case events.BlockDisconnected:
		m.reorged.Inc()
	case events.SyncStalled:
		m.stalls.Inc()
	case events.TxAccepted:
		m.accepted.Inc()
	case events.TxRefused:
		m.refused.WithLabelValues(string(e.Reason)).Inc()
	case events.TxStemmed:
		m.stemmed.Inc()
	case events.TxFluffed:
		m.fluffed.WithLabelValues(e.Cause).Inc()
	}
}
