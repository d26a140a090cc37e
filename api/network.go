package api

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

// maxAgent is how much of a peer's agent string is shown. Source: design.md §3.
const maxAgent = 256

func (d *dispatcher) networkMethods() []method {
	const form = " A node is a multiaddr that ends in /p2p/<peer id>"
	return []method{
		{
			name: "addnode", handle: d.addNode,
			args: []argument{{name: "node", alias: "addr"}, {name: "command", alias: "subcmd"}, {name: "v2transport", optional: true}},
			summary: "Keeps a link to a node (add), no longer does (remove), or connects to it once (onetry)." + form +
				"; for remove the peer id alone will do. onetry waits for the connection, and unlike bitcoind's tells of a failure. Every link is encrypted: v2transport is taken and not needed.",
		},
		{
			name: "disconnectnode", handle: d.disconnectNode,
			args:    []argument{{name: "address", optional: true}, {name: "nodeid", optional: true}},
			summary: "Closes the connections to a node, named by its peer id, by an address that getpeerinfo shows, or by getpeerinfo's id. A node that addnode keeps will be dialled again.",
		},
		{
			name: "getaddednodeinfo", handle: d.getAddedNodeInfo,
			args:    []argument{{name: "node", optional: true}},
			summary: "Returns the nodes that a link is kept to, or one of them, and whether they are connected.",
		},
		{
			name: "getconnectioncount", handle: d.getConnectionCount,
			summary: "Returns how many peers are connected.",
		},
		{
			name: "getnetworkinfo", handle: d.getNetworkInfo,
			summary: "Returns what this node is to others: version, services, addresses it listens on, connections, and the least fee rate that is relayed.",
		},
		{
			name: "getpeerinfo", handle: d.getPeerInfo,
			summary: "Returns the connected peers. addr is a multiaddr with the peer's id, which addnode and disconnectnode take; heights and agent are what the peer claims; source is how this node came to know it.",
		},
	}
}

// peerResult is getpeerinfo's, with the keys that btcjson lacks or leaves out
// when they are zero.
type peerResult struct {
	btcjson.GetPeerInfoResult
	PeerID          string            `json:"peerid"`
	AddrBind        string            `json:"addrbind"`
	Network         string            `json:"network"`
	ServicesNames   []string          `json:"servicesnames"`
	LastTransaction int64             `json:"last_transaction"`
	LastBlock       int64             `json:"last_block"`
	MinPing         *float64          `json:"minping,omitempty"`
	Ping            *float64          `json:"pingtime,omitempty"`
	PingWait        *float64          `json:"pingwait,omitempty"`
	SyncedHeaders   int32             `json:"synced_headers"`
	SyncedBlocks    int32             `json:"synced_blocks"`
	InFlight        []int32           `json:"inflight"`
	Permissions     []string          `json:"permissions"`
	AddrRelay       bool              `json:"addr_relay_enabled"`
	AddrProcessed   uint64            `json:"addr_processed"`
	AddrLimited     uint64            `json:"addr_rate_limited"`
	MinFeeFilter    amount            `json:"minfeefilter"`
	BytesSentPerMsg map[string]uint64 `json:"bytessent_per_msg"`
	BytesRecvPerMsg map[string]uint64 `json:"bytesrecv_per_msg"`
	ConnectionType  string            `json:"connection_type"`
	Source          string            `json:"source"`
	MappedAS        uint32            `json:"mapped_as,omitempty"`
	Transport       string            `json:"transport_protocol_type"`
	SessionID       string            `json:"session_id"`
}

func describePeer(p Peer) peerResult {
	r := peerResult{
		GetPeerInfoResult: btcjson.GetPeerInfoResult{
			ID:             p.Number,
			Addr:           withPeer(p.Addr, p.ID),
			Services:       hex64(p.Services),
			RelayTxes:      p.Kind == "" || p.Kind.Transactions(),
			LastSend:       unix(p.LastSend),
			LastRecv:       unix(p.LastRecv),
			BytesSent:      p.BytesSent,
			BytesRecv:      p.BytesRcv,
			ConnTime:       unix(p.Connected),
			TimeOffset:     int64(p.Offset.Seconds()),
			Version:        p.Version,
			SubVer:         printable(p.Agent, maxAgent),
			Inbound:        p.Inbound,
			StartingHeight: p.Start,
			CurrentHeight:  max(p.Start, p.SyncedHeader),
			SyncNode:       p.Syncing,
		},
		PeerID:          p.ID.String(),
		Network:         networkOf(p.Addr),
		ServicesNames:   serviceNames(p.Services),
		LastTransaction: unix(p.LastTx),
		LastBlock:       unix(p.LastBlock),
		SyncedHeaders:   p.SyncedHeader,
		SyncedBlocks:    p.SyncedBlock,
		InFlight:        append([]int32{}, p.InFlight...),
		Permissions:     []string{},
		AddrRelay:       p.AddrRelay,
		AddrProcessed:   p.AddrProcessed,
		AddrLimited:     p.AddrLimited,
		BytesSentPerMsg: orEmpty(p.SentBy),
		BytesRecvPerMsg: orEmpty(p.RcvdBy),
		ConnectionType:  connectionType(p),
		Source:          p.Origin.String(),
		MappedAS:        p.AS,
		Transport:       transportOf(p.Addr),
		Ping:            seconds(p.Ping),
		MinPing:         seconds(p.MinPing),
		PingWait:        seconds(p.PingWait),
	}
	r.BanScore = int32(min(p.Points, maxScore))
	if p.Local != nil {
		r.AddrBind = p.Local.String()
	}
	if p.Observed != nil {
		r.AddrLocal = p.Observed.String()
	}
	return r
}

// maxScore is the most that banscore shows: what is beyond is banned anyway.
const maxScore = 1000

// seconds is a duration as bitcoind writes it, nil for one that is unknown.
func seconds(d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}

func orEmpty(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}

// withPeer is an address as addnode takes it.
func withPeer(addr multiaddr.Multiaddr, id peer.ID) string {
	suffix := "/p2p/" + id.String()
	if addr == nil {
		return suffix
	}
	return strings.TrimSuffix(addr.String(), suffix) + suffix
}

// networkOf is bitcoind's word for the kind of address.
func networkOf(addr multiaddr.Multiaddr) string {
	ip := netgroup.IPOf(addr)
	switch {
	case !ip.IsValid() || ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast():
		return "not_publicly_routable"
	case ip.Is4():
		return "ipv4"
	default:
		return "ipv6"
	}
}

func connectionType(p Peer) string {
	switch {
	case p.Inbound:
		return "inbound"
	case p.Kept:
		return "manual"
	case p.Kind != "":
		return string(p.Kind)
	default:
		return "outbound-full-relay"
	}
}

// transportOf names what carries the connection: bitcoind has v1 and v2 there.
func transportOf(addr multiaddr.Multiaddr) string {
	for _, c := range addr {
		if name := c.Protocol().Name; name == "tcp" || name == "quic-v1" {
			return name
		}
	}
	return "unknown"
}

// serviceNames spells out the bits of the status message. Source: design.md §3.
func serviceNames(services uint64) []string {
	names := []string{}
	for i, name := range []string{"FULL", "LIGHT", "FILTERS", "BRIDGE", "SECURE", "SUPER"} {
		if services&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func (d *dispatcher) getPeerInfo(context.Context, arguments) (any, error) {
	peers := d.Peers.Connected()
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.Number, b.Number) })
	all := make([]peerResult, 0, len(peers))
	for _, p := range peers {
		all = append(all, describePeer(p))
	}
	return all, nil
}

func (d *dispatcher) getConnectionCount(context.Context, arguments) (any, error) {
	return len(d.Peers.Connected()), nil
}

// networkResult is getnetworkinfo's, with the keys that btcjson lacks.
type networkResult struct {
	btcjson.GetNetworkInfoResult
	PeerID             string      `json:"peerid"`
	LocalServicesNames []string    `json:"localservicesnames"`
	ListenAddresses    []string    `json:"listenaddresses"`
	RelayFee           amount      `json:"relayfee"`
	IncrementalFee     amount      `json:"incrementalfee"`
	Warnings           []string    `json:"warnings"`
	Reachability       reachResult `json:"reachability"`
}

func (d *dispatcher) getNetworkInfo(context.Context, arguments) (any, error) {
	n := d.Peers.Network()
	r := networkResult{
		GetNetworkInfoResult: btcjson.GetNetworkInfoResult{
			Version: n.Version,
			// Not in slashes as bitcoind's: btcd's client compares it with version
			// numbers as text, and would take "/" for older than all of them.
			SubVersion:      n.Agent,
			ProtocolVersion: protocolVersion,
			LocalServices:   hex64(n.Services),
			LocalRelay:      true,
			NetworkActive:   d.Wires.Active(),
			LocalAddresses:  []btcjson.LocalAddressesResult{},
		},
		PeerID:             n.ID.String(),
		LocalServicesNames: serviceNames(n.Services),
		ListenAddresses:    []string{},
		RelayFee:           amount(n.RelayFee),
		IncrementalFee:     amount(n.RelayFee),
		Warnings:           []string{},
		Reachability:       describeReach(n.Reach),
	}
	for _, p := range d.Peers.Connected() {
		r.Connections++
		if p.Inbound {
			r.ConnectionsIn++
		} else {
			r.ConnectionsOut++
		}
	}
	reachable := map[string]bool{}
	for _, addr := range n.Listen {
		r.ListenAddresses = append(r.ListenAddresses, withPeer(addr, n.ID))
		if local, ok := localAddress(addr, localScore(addr, n.Reach)); ok && !slices.Contains(r.LocalAddresses, local) {
			r.LocalAddresses = append(r.LocalAddresses, local)
			reachable[familyOf(addr)] = true
		}
	}
	for _, name := range []string{"ipv4", "ipv6"} {
		r.Networks = append(r.Networks, btcjson.NetworksResult{Name: name, Limited: !reachable[name], Reachable: reachable[name]})
	}
	return r, nil
}

// protocolVersion is the version of Bitcoin's payload codecs. Source: design.md §3.
const protocolVersion = 70016

// localAddress is a listening address as bitcoind writes it.
func localAddress(addr multiaddr.Multiaddr, score int32) (btcjson.LocalAddressesResult, bool) {
	a, err := manet.ToNetAddr(addr)
	if err != nil {
		return btcjson.LocalAddressesResult{}, false
	}
	to, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return btcjson.LocalAddressesResult{}, false
	}
	return btcjson.LocalAddressesResult{Address: to.Addr().String(), Port: to.Port(), Score: score}, true
}

func familyOf(addr multiaddr.Multiaddr) string {
	if netgroup.IPOf(addr).Is4() {
		return "ipv4"
	}
	return "ipv6"
}
