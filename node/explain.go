package node

import (
	"fmt"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/discovery/slots"
)

// Bounds implements api.Limits: each with where it comes from.
func (b backend) Bounds() []api.Limit {
	return b.node.cfg.limits().explain(b.node.cfg, b.node.table.Routes())
}

// Who holds a limit.
const (
	byNode    = "pappus"
	byManager = "libp2p's resource manager"
	byTrim    = "libp2p's connection manager"
)

func (l limits) explain(c Config, routes int) []api.Limit {
	door := slots.DefaultDoorConfig(l.Inbound)
	inbound := fmt.Sprintf("--max-peers %d less %d outbound, a feeler, and %d that you named", c.MaxPeers, l.Outbound, l.Named)
	if l.fewer {
		inbound = fmt.Sprintf("what --max-memory %d MiB has room for at 4 MiB a peer, less 64 MiB for handshakes; --max-peers %d would allow more", c.MaxMemoryMiB, c.MaxPeers)
	}
	outbound := "--outbound, below --max-peers"
	if len(c.Connect) > 0 {
		outbound = "none: --connect names all"
	}
	memory := fmt.Sprintf("4 MiB (%d streams of 256 KiB) a peer, and 64 MiB for handshakes; --max-memory overrides", streamsPerPeer)
	if c.MaxMemoryMiB > 0 {
		memory = "--max-memory"
	}
	hosts := "libp2p's default, by IPv4 address and IPv6 /56; this machine is exempt"
	if l.local {
		hosts = "libp2p's default, by IPv4 address and IPv6 /56; private addresses are exempt on this network"
	}
	netgroup, table := "an IPv4 /16 or IPv6 /32", "--asmap names none: netgroups are IPv4 /16 and IPv6 /32"
	if routes > 0 {
		netgroup = "an autonomous system (where the table has none, " + netgroup + ")"
		table = fmt.Sprintf("--asmap %s: netgroups are autonomous systems", c.ASMap)
	}
	return []api.Limit{
		{Name: "asmap", Value: float64(routes), Unit: "prefixes", By: byNode, Origin: table},
		{Name: "outbound", Value: float64(l.Outbound), Unit: "links", By: byNode, Origin: outbound},
		{Name: "named", Value: float64(l.Named), Unit: "links", By: byNode, Origin: "--connect and --addnode; pappus peers add comes on top"},
		{Name: "inbound", Value: float64(l.Inbound), Unit: "links", By: byNode, Origin: inbound + "; when full the least useful link makes way"},
		{Name: "guests", Value: float64(door.Guests), Unit: "links", By: byNode, Origin: fmt.Sprintf("a quarter of inbound: beyond it, for %v each, in which a newcomer asks for addresses", door.Stay)},
		{Name: "knocks_calm", Value: door.Calm, Unit: "dials a second", By: byNode, Origin: "below, nobody is turned away for the number of dials: 3 % of a core"},
		{Name: "knocks_flood", Value: door.Flood, Unit: "dials a second", By: byNode, Origin: "above, a netgroup is heard once a minute: 30 % of a core"},
		{Name: "knocks_netgroup", Value: door.Burst, Unit: "dials a minute", By: byNode, Origin: "of one netgroup, " + netgroup + ", while it is calm"},
		{Name: "handshakes", Value: float64(l.Handshakes), Unit: "connections", By: byManager, Origin: fmt.Sprintf("inbound, under way: a quarter of the slots, at least %d and at most %d", fewHandshakes, manyHandshakes)},
		{Name: "connections_in", Value: float64(l.connsIn()), Unit: "connections", By: byManager, Origin: fmt.Sprintf("%d for each inbound slot and each peer that you named, and handshakes: above what pappus holds, because it refuses and makes no room", perPeer)},
		{Name: "connections_out", Value: float64(l.connsOut()), Unit: "connections", By: byManager, Origin: fmt.Sprintf("outbound and named links, a feeler, and %d dials under way", dialsUnderWay)},
		{Name: "connections_peer", Value: perPeer, Unit: "connections", By: byManager, Origin: "inbound, of one peer id"},
		{Name: "connections_host", Value: perHost, Unit: "connections", By: byManager, Origin: hosts},
		{Name: "connections_host_rate", Value: perHostRate, Unit: "connections a second", By: byManager, Origin: fmt.Sprintf("after a burst of %d; %s", perHostBurst, hosts)},
		{Name: "streams", Value: float64(l.streams()), Unit: "streams each way", By: byManager, Origin: fmt.Sprintf("%d a connection", streamsPerPeer)},
		{Name: "memory", Value: float64(l.Memory), Unit: "bytes", By: byManager, Origin: memory},
		{Name: "memory_peer", Value: float64(min(64<<20, l.Memory/4)), Unit: "bytes", By: byManager, Origin: "libp2p's default, at most a quarter of all"},
		{Name: "file_descriptors", Value: float64(l.conns()), Unit: "files", By: byManager, Origin: "one a connection; the databases' come on top"},
		{Name: "trim_above", Value: float64(l.high()), Unit: "connections", By: byTrim, Origin: fmt.Sprintf("a safety net above all others; it then goes down to %d", l.low())},
	}
}
