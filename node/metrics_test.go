package node

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

var update = flag.Bool("update", false, "write docs/metrics.md")

// measured is a node with an API, none of which is running, whose series all have values.
func measured(t *testing.T) *Metrics {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Network, cfg.DataDir, cfg.API = "regtest", t.TempDir(), "127.0.0.1:0"
	cfg.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	n := start(t, cfg)
	for _, e := range []events.Event{
		events.PeerUp{},
		events.PeerDown{Reason: events.Requested},
		events.Charged{Reason: events.Unasked},
		events.AddressesHeard{Taken: 1},
		events.BlockConnected{},
		events.BlockDisconnected{},
		events.SyncStalled{},
		events.TxAccepted{},
		events.TxRefused{Reason: events.OrphanTx},
		events.TxStemmed{},
		events.TxFluffed{Cause: "embargo"},
	} {
		n.metrics.count(e)
	}
	n.metrics.served(exchange.Outcome{Protocol: "/pappus/regtest/headers/1"})
	return n.metrics
}

func TestMetricsAreAsPrometheusWantsThem(t *testing.T) {
	families, err := measured(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "pappus_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	series := 0
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "pappus_") {
			continue
		}
		series += len(f.GetMetric())
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !slices.Contains(boundedLabels(), l.GetName()) {
					t.Errorf("%s has the label %s: is the number of its values bounded?", f.GetName(), l.GetName())
				}
			}
		}
	}
	if series < 25 || series > 60 {
		t.Errorf("%d series of a node that has done everything once", series)
	}
}

// boundedLabels have values that the code names: none is a peer, an address or a hash.
func boundedLabels() []string {
	return []string{"agent", "cause", "code", "direction", "inbound", "method", "network", "protocol", "reason", "status"}
}

// described matches what prometheus prints of a series' description.
var described = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]+)".*variableLabels: \{([^}]*)\}`)

// series is one line of the table in docs/metrics.md.
type series struct{ name, kind, labels, help string }

// table lists all series of the node and its API, those without a value too.
func table(t *testing.T, m *Metrics) []series {
	t.Helper()
	descs := make(chan *prometheus.Desc)
	go func() { m.registry.Describe(descs); close(descs) }() // ends with the last one
	var all []series
	for d := range descs {
		part := described.FindStringSubmatch(d.String())
		if part == nil || !strings.HasPrefix(part[1], "pappus_") {
			continue
		}
		kind := "gauge"
		switch {
		case strings.HasSuffix(part[1], "_total"):
			kind = "counter"
		case part[1] == "pappus_request_seconds", part[1] == "pappus_api_call_seconds":
			kind = "histogram"
		}
		all = append(all, series{part[1], kind, strings.ReplaceAll(part[3], ",", ", "), part[2]})
	}
	slices.SortFunc(all, func(a, b series) int { return strings.Compare(a.name, b.name) })
	return all
}

const metricsDoc = "../docs/metrics.md"

// The table in the documentation is the code's. Run with -update to write it.
func TestMetricsAreDocumented(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(metricsHead)
	for _, s := range table(t, measured(t)) {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", s.name, s.kind, s.labels, s.help)
	}
	if *update {
		if err := os.WriteFile(metricsDoc, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(metricsDoc)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, text.Bytes()) {
		t.Error("docs/metrics.md is not current: run make docs")
	}
}

const metricsHead = `# Metrics

` + "`GET /metrics`" + ` on the API's address is Prometheus' text format. On loopback it is open; elsewhere it takes the API's password. Names begin with
` + "`pappus_`" + ` (this node), ` + "`libp2p_`" + ` (the library's: connections, resource limits, identify, the swarm), ` + "`go_`" + ` and ` + "`process_`" + ` (the runtime and the process).

Counters end in ` + "`_total`" + `, times are in seconds, sizes in bytes, moments in Unix seconds. The values of a label are named in the code (protocols, reason codes of
[protocol.md §9](protocol.md#9-reasons), methods, HTTP statuses), never by a peer: no peer, address or hash is a label, and the number of series does not grow.

A dashboard for Grafana is in [deploy/grafana.json](../deploy/grafana.json), alerts for Prometheus in [deploy/alerts.yml](../deploy/alerts.yml).

| name | kind | labels | what |
|---|---|---|---|
`

// What the dashboard and the alerts ask for exists.
func TestDashboardAndAlertsAskForWhatIsThere(t *testing.T) {
	m := measured(t)
	known := make(map[string]bool)
	for _, s := range table(t, m) {
		known[s.name] = true
		if s.kind == "histogram" {
			known[s.name+"_bucket"] = true
		}
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		known[f.GetName()] = true
	}
	names := regexp.MustCompile(`\b(pappus|libp2p|go|process)_[a-z0-9_]+`)
	for _, file := range []string{"../deploy/grafana.json", "../deploy/alerts.yml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		asked := names.FindAllString(string(text), -1)
		for _, name := range asked {
			if !known[name] {
				t.Errorf("%s asks for %s", file, name)
			}
		}
		if len(asked) < 8 {
			t.Errorf("%s asks for %d series", file, len(asked))
		}
	}
}
