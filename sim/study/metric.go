package study

import "slices"

// Metric is something that a run measures.
type Metric struct {
	Name    string
	Title   string
	Unit    string // "" = a share or a count
	Meaning string
}

// Metrics returns all metrics, as the documentation lists them.
func Metrics() []Metric {
	return slices.Concat(anonymity(), latency(), fairness(), cost())
}

func anonymity() []Metric {
	return []Metric{
		{"precision", "precision", "", "mean over honest nodes of [the node's transaction is traced to it] ÷ [transactions traced to it]; each sends one a round"},
		{"recall", "recall", "", "share of transactions traced to their source, which is the detection rate"},
		{"entropy", "entropy", "bit", "mean entropy of the estimator's posterior over sources, where it has one"},
		{"seen", "seen", "", "share of transactions that the adversary sees at all"},
		{"stem_hops", "hops of a stem", "", "mean number of hops in the stem"},
		{"embargoed", "ended by embargo", "", "share of the stems that an embargo has ended, of those that ended"},
		{"looped", "ended by a loop", "", "share of transactions whose stem a loop has ended"},
		{"origin_fluffed", "fluffed by the source", "", "share of transactions that their own source made public"},
	}
}

func latency() []Metric {
	return []Metric{
		{"t50", "t50", "s", "median over transactions of the time from submission until half of the nodes have it"},
		{"t90", "t90", "s", "the same for 90 % of the nodes"},
		{"t99", "t99", "s", "the same for 99 % of the nodes"},
		{"t100", "t100", "s", "the same for all nodes"},
		{"t50_p95", "t50, 95th percentile", "s", "95th percentile over transactions of the time until half of the nodes have it"},
		{"stem_time", "time in the stem", "s", "median over transactions of the time from submission to the first fluff"},
		{"reached", "reached", "", "mean share of the nodes that have a transaction when it is no longer followed"},
		{"everywhere", "reached all", "", "share of transactions that every node has in the end"},
	}
}

func fairness() []Metric {
	return []Metric{
		{"gini", "Gini of ranks", "", "Gini coefficient over nodes of the mean rank of arrival: 0 = all wait alike"},
		{"jain", "Jain's index", "", "Jain's index over nodes of the mean rank of arrival: 1 = all wait alike"},
		{"sources", "unfairness to sources", "", "95th percentile over transactions of t90 ÷ the 5th: by how much it matters who sends; 1 = not at all"},
		{"front", "front-running window", "s", "median over transactions of t99 less the time of the first fluff: how long those who know early can act"},
		{"disorder", "order of arrival", "", "share of pairs of transactions that two nodes receive in opposite orders"},
		{"stale", "stale rate", "", "share of blocks that would be stale if blocks travelled like these transactions, one in 600 s: 1 − exp(−mean time of arrival ÷ 600 s)"},
	}
}

func cost() []Metric {
	return []Metric{
		{"copies", "copies", "", "transactions sent whole, per transaction and node that has it"},
		{"bytes", "bytes", "B", "bytes sent by all nodes together, per transaction and node"},
		{"messages", "messages", "", "messages sent, per transaction and node"},
		{"events", "events", "", "events of the simulation, per transaction and node"},
		{"events_per_second", "events/s", "1/s", "events processed in a second of real time; depends on the machine"},
		{"microseconds", "time per event", "µs", "real time per event; depends on the machine"},
		{"seconds", "real time", "s", "real time of the run; depends on the machine"},
	}
}

// FindMetric returns the metric of a name.
func FindMetric(name string) (Metric, bool) {
	all := Metrics()
	i := slices.IndexFunc(all, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return all[i], true
}

func metricNames() []string {
	var names []string
	for _, m := range Metrics() {
		names = append(names, m.Name)
	}
	return names
}
