package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges registers what is read when somebody asks.
func (n *Node) gauges() {
	m := n.metrics
	m.gauge("chain_height", "Height of the validated tip.", func() float64 { return float64(n.chain.Tip().Height) })
	m.gauge("chain_tip_time_seconds", "Time that the validated tip's header says, in Unix seconds.", func() float64 { return float64(n.chain.Tip().Time.Unix()) })
	m.gauge("chain_disk_bytes", "Bytes that blocks, indexes and unspent outputs take.", func() float64 {
		bytes, err := n.chain.SizeOnDisk()
		if err != nil {
			return 0
		}
		return float64(bytes)
	})
	m.gauge("chain_disk_free_bytes", "Bytes left on the chain's disk, 0 if not known.", func() float64 { return float64(n.chain.FreeSpace()) })
	m.gauge("header_height", "Height of the best header.", func() float64 { return float64(n.chain.Headers().Best().Height) })
	m.gauge("peers", "Peers that have completed the status handshake.", func() float64 {
		all, _ := n.peers.count()
		return float64(all)
	})
	m.gauge("peers_inbound", "Those of them that dialled this node.", func() float64 {
		_, inbound := n.peers.count()
		return float64(inbound)
	})
	m.gauge("syncing", "1 while the node is far behind or has heard no peer yet, else 0.", func() float64 {
		if n.sync.Progress().Syncing {
			return 1
		}
		return 0
	})
	m.gauge("sync_blocks_in_flight", "Blocks asked for and not here yet.", func() float64 { return float64(n.sync.Progress().InFlight) })
	m.gauge("sync_blocks_held", "Blocks here and waiting to be validated.", func() float64 { return float64(n.sync.Progress().Held) })
	m.gauge("mempool_transactions", "Transactions that wait for a block.", func() float64 { return float64(n.chain.Mempool().Count()) })
	m.gauge("mempool_virtual_bytes", "Virtual size of the transactions that wait.", func() float64 { return float64(n.chain.Mempool().Info(time.Now()).Size) })
	m.gauge("mempool_memory_bytes", "Memory that the mempool takes, by estimate.", func() float64 { return float64(n.chain.Mempool().Info(time.Now()).Memory) })
	m.gauge("mempool_min_fee_satoshis", "Least fee, in satoshi per 1,000 virtual bytes, that is taken now.", func() float64 {
		return float64(n.chain.Mempool().MinFee(time.Now()))
	})
	// The agent is the release's: one series.
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "pappus", Name: "build_info", Help: "1, with what runs as labels.", ConstLabels: prometheus.Labels{"agent": Agent, "network": n.params.Name},
	})
	info.Set(1)
	m.registry.MustRegister(info)
}
