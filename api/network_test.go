package api

import (
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/events"
)

func TestGetPeerInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	since := time.Unix(1700000000, 0)
	f.peers = []Peer{
		{Number: 2, ID: ids()[1], Addr: multiaddr.StringCast("/ip4/127.0.0.1/udp/9000/quic-v1"), Inbound: true, Agent: "<script>\n\x00\xff"},
		{
			Number: 1, ID: ids()[0], Addr: multiaddr.StringCast("/ip4/8.8.8.8/tcp/8477"), Local: multiaddr.StringCast("/ip4/10.0.0.1/tcp/8477"),
			Kept: true, Origin: events.Origin{Source: events.FromSeed, Seed: "seed.example"}, AS: 64500, Connected: since, Ping: 25 * time.Millisecond, MinPing: 20 * time.Millisecond, PingWait: time.Second,
			SentBy: map[string]uint64{"headers": 10}, AddrRelay: true, AddrProcessed: 12, AddrLimited: 3, Observed: multiaddr.StringCast("/ip4/9.9.9.9/tcp/8477"), Points: 30, Services: 5, Agent: "pappus/0.1", Version: 1,
			Start: 7, SyncedHeader: 9, SyncedBlock: 8, InFlight: []int32{9}, BytesSent: 10, BytesRcv: 20, LastSend: since, Syncing: true,
		},
	}
	s := prepare(t, f)
	peers := get[[]object](t, s, "getpeerinfo", "[]")
	first, second := peers[0], peers[1]
	// Bitcoin Core's 30.0 that mean something here, then btcd's, then ours.
	const always = `id addr addrbind network services servicesnames relaytxes lastsend lastrecv last_transaction last_block bytessent bytesrecv
		conntime timeoffset version subver inbound startingheight synced_headers synced_blocks inflight permissions minfeefilter
		addr_relay_enabled addr_processed addr_rate_limited bytessent_per_msg bytesrecv_per_msg connection_type transport_protocol_type session_id
		banscore feefilter syncnode v2_connection peerid source`
	keys(t, first, always+" mapped_as pingtime minping pingwait addrlocal currentheight")
	keys(t, second, always)
	expect(t, first, object{
		"id": 1.0, "addr": "/ip4/8.8.8.8/tcp/8477/p2p/" + ids()[0].String(), "addrbind": "/ip4/10.0.0.1/tcp/8477", "network": "ipv4",
		"services": "0000000000000005", "conntime": 1700000000.0, "lastrecv": 0.0, "pingtime": 0.025, "minping": 0.02, "pingwait": 1.0, "addrlocal": "/ip4/9.9.9.9/tcp/8477", "banscore": 30.0, "addr_relay_enabled": true, "addr_processed": 12.0, "addr_rate_limited": 3.0, "subver": "pappus/0.1",
		"inbound": false, "startingheight": 7.0, "synced_headers": 9.0, "synced_blocks": 8.0, "connection_type": "manual", "source": "dns:seed.example", "mapped_as": 64500.0, "transport_protocol_type": "tcp",
	})
	expect(t, second, object{
		"subver": "<script>???", "inbound": true, "connection_type": "inbound", "network": "not_publicly_routable", "transport_protocol_type": "quic-v1",
	})
	// As bytes it holds no markup for a page that forgets to escape.
	raw, _ := call(t, s, "getpeerinfo", "[]")
	if strings.Contains(string(raw), "<script>") {
		t.Errorf("markup in %s", raw)
	}
	info := get[object](t, s, "getnetworkinfo", "[]")
	expect(t, info, object{"connections": 2.0, "connections_in": 1.0, "connections_out": 1.0, "relayfee": 0.00001, "localservices": "0000000000000001", "networkactive": true})
	f.reach = Reach{Verdict: "reachable", Reasons: []string{"because"}, Addrs: []OwnAddr{
		{multiaddr.StringCast("/ip4/127.0.0.1/tcp/8477"), "external", "unknown"},
	}}
	info = get[object](t, s, "getnetworkinfo", "[]")
	expect(t, info["reachability"].(object), object{"verdict": "reachable"})
	if local := info["localaddresses"].([]any)[0].(object); local["score"] != 4.0 {
		t.Errorf("an address that the operator named: %v", local)
	}
	if got := get[int](t, s, "getconnectioncount", "[]"); got != 2 {
		t.Errorf("%d connections", got)
	}
}

func TestNodesAreKeptAndLetGo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	f.peers = []Peer{{Number: 4, ID: ids()[0], Addr: multiaddr.StringCast("/ip4/192.0.2.1/tcp/8477")}, {Number: 5, ID: ids()[1]}}
	s := prepare(t, f)
	id := ids()[0].String()
	node := "/ip4/192.0.2.1/tcp/8477/p2p/" + id
	get[any](t, s, "addnode", `{"node":"`+node+`","command":"add","v2transport":true}`)
	if _, refused := call(t, s, "addnode", `["`+node+`","add"]`); refused == nil || refused.Code != -23 {
		t.Errorf("added twice: %v", refused)
	}
	added := get[[]btcjson.GetAddedNodeInfoResult](t, s, "getaddednodeinfo", "[]")
	if len(added) != 1 || added[0].AddedNode != node || !*added[0].Connected || (*added[0].Addresses)[0].Connected != "outbound" {
		t.Errorf("added %+v", added)
	}
	get[any](t, s, "addnode", `["`+id+`","remove"]`)
	if len(f.kept) != 0 {
		t.Errorf("kept %v", f.kept)
	}
	get[any](t, s, "addnode", `["`+node+`","onetry"]`)
	if len(f.dialled) != 1 || f.dialled[0] != ids()[0] {
		t.Errorf("dialled %v", f.dialled)
	}
	for _, params := range []string{`["` + id + `"]`, `["` + node + `"]`, `["/ip4/192.0.2.1/tcp/8477"]`, `["",4]`, `{"nodeid":4}`} {
		f.cut = nil
		get[any](t, s, "disconnectnode", params)
		if len(f.cut) != 1 || f.cut[0] != ids()[0] {
			t.Errorf("disconnectnode %s cut %v", params, f.cut)
		}
	}
}
