package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

func TestGetNodeAddresses(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	f.known = []KnownPeer{
		{ID: ids()[0], Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/8.8.8.8/tcp/8477")}, Services: 1, Seen: time.Unix(1700000000, 0), Usable: true},
		{ID: ids()[1], Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip6/2001:db8::1/udp/9000/quic-v1")}, Usable: true},
		{ID: ids()[2], Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/8.8.4.4/tcp/8477")}}, // not worth a dial
	}
	s := prepare(t, f)
	for params, want := range map[string]int{"[]": 1, "[0]": 2, "[1]": 1, "[9]": 2, `[0,"ipv4"]`: 1, `[0,"ipv6"]`: 1, `[0,"onion"]`: 0, `{"network":"ipv6"}`: 1} {
		if rows := get[[]object](t, s, "getnodeaddresses", params); len(rows) != want {
			t.Errorf("getnodeaddresses %s: %d rows, want %d", params, len(rows), want)
		}
	}
	row := get[[]object](t, s, "getnodeaddresses", `[0,"ipv4"]`)[0]
	keys(t, row, "time services address port network peerid multiaddrs") // 30.0's, and two of ours
	expect(t, row, object{"time": 1700000000.0, "services": 1.0, "address": "8.8.8.8", "port": 8477.0, "network": "ipv4", "peerid": ids()[0].String()})
	for _, params := range []string{"[-1]", `[0,"token-ring"]`} {
		if _, refused := call(t, s, "getnodeaddresses", params); refused == nil || refused.Code != -8 {
			t.Errorf("getnodeaddresses %s: %v", params, refused)
		}
	}
	sizes := get[map[string]object](t, s, "getaddrmaninfo", "[]")
	expect(t, sizes["ipv4"], object{"new": 3.0, "tried": 2.0, "total": 5.0})
	expect(t, sizes["all_networks"], object{"new": 4.0, "tried": 2.0, "total": 6.0})
}

func TestExportedAddressesAreImported(t *testing.T) {
	from := newFake(&chaincfg.RegressionNetParams)
	from.known = []KnownPeer{
		{ID: ids()[0], Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/8.8.8.8/tcp/8477")}, Record: []byte{1, 2, 3}, Services: 1, Seen: time.Unix(1700000000, 0)},
		{ID: ids()[1], Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/8.8.4.4/tcp/8477")}},
	}
	out := prepare(t, from)
	first := get[[]json.RawMessage](t, out, "exportaddresses", `["",1]`)
	rest := get[[]json.RawMessage](t, out, "exportaddresses", `["`+ids()[0].String()+`"]`)
	if len(first) != 1 || len(rest) != 1 {
		t.Fatalf("pages of %d and %d", len(first), len(rest))
	}
	to := newFake(&chaincfg.RegressionNetParams)
	in := prepare(t, to)
	node := `"/ip4/8.8.8.8/tcp/8477/p2p/` + ids()[2].String() + `"`
	entries := string(first[0]) + "," + string(rest[0]) + "," + string(rest[0]) + "," + node + `,"/ip4/8.8.8.8/tcp/1","hello",7,{"peerid":"x"},"` + strings.Repeat("x", maxLine) + `"`
	got := get[[]learnt](t, in, "importaddresses", "[["+entries+"]]")
	want := []string{"new", "new", "known", "refused", "refused", "refused", "refused", "refused", "refused"}
	for i, l := range got {
		if l.Outcome != want[i] || (l.Why == "") != (want[i] != "refused") {
			t.Errorf("entry %d: %+v, want %s", i, l, want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d outcomes of %d", len(got), len(want))
	}
	if p := to.known[0]; p.ID != ids()[0] || string(p.Record) != "\x01\x02\x03" || p.Services != 1 || p.Seen.Unix() != 1700000000 || p.Addrs[0].String() != "/ip4/8.8.8.8/tcp/8477" {
		t.Errorf("imported %+v", p)
	}
	for _, params := range []string{`["/ip4"]`, `["",0]`, `["",1001]`} {
		if _, refused := call(t, out, "exportaddresses", params); refused == nil || refused.Code != -8 {
			t.Errorf("exportaddresses %s: %v", params, refused)
		}
	}
}

// What is taken is taken again as it would be exported.
func FuzzParseEntry(f *testing.F) {
	f.Add(`"` + node1 + `"`)
	f.Add(`{"peerid":"` + id1 + `","addrs":["/ip4/8.8.8.8/tcp/8477","/ip6/2001:db8::1/udp/9000/quic-v1"],"services":1,"seen":1700000000,"tried":true,"record":"AQID"}`)
	f.Add(`{"peerid":"` + id1 + `","record":"not base64"}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseEntry(json.RawMessage(text))
		if err != nil {
			return
		}
		e := bookEntry{PeerID: peer.ToCid(p.ID).String(), Services: p.Services, Record: base64.StdEncoding.EncodeToString(p.Record)}
		for _, a := range p.Addrs {
			e.Addrs = append(e.Addrs, a.String())
		}
		if !p.Seen.IsZero() {
			e.Seen = p.Seen.Unix()
		}
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > maxLine {
			return // quotes and the like take more room when they are escaped
		}
		again, err := parseEntry(raw)
		if err != nil || again.ID != p.ID || again.Services != p.Services || !again.Seen.Equal(p.Seen) || !bytes.Equal(again.Record, p.Record) ||
			!slices.EqualFunc(again.Addrs, p.Addrs, multiaddr.Multiaddr.Equal) {
			t.Errorf("%s is read as %+v, and that as %+v (%v)", text, p, again, err)
		}
	})
}
