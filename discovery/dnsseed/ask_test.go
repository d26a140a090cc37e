package dnsseed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

// zone answers by name.
type zone map[string][]string

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	records, ok := z[name]
	if !ok {
		return nil, errors.New("no such host")
	}
	return records, nil
}

// id returns the i-th of many peer ids.
func id(i int) peer.ID {
	raw := []byte(fmt.Sprintf("peer %027d", i))
	return peer.ID(append([]byte{0, byte(len(raw))}, raw...))
}

func record(i int, addr string) string { return "dnsaddr=" + addr + "/p2p/" + id(i).String() }

func TestSeedNamesPeersAndOtherNames(t *testing.T) {
	z := zone{
		"_dnsaddr.seed.example": {
			record(1, "/ip4/192.0.2.1/tcp/8477"),
			record(1, "/ip4/192.0.2.1/udp/8477/quic-v1"),
			"dnsaddr=/dnsaddr/eu.seed.example/p2p/" + id(2).String(),
			"v=spf1 -all",
		},
		"_dnsaddr.eu.seed.example": {
			record(2, "/ip6/2001:db8::2/tcp/8477"),
			"dnsaddr=/dnsaddr/seed.example", // in a circle
			"dnsaddr=/dnsaddr/gone.example",
		},
	}
	a, err := Ask(t.Context(), z, "seed.example.")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Peers) != 2 || len(a.Peers[0].Addrs) != 2 || len(a.Peers[1].Addrs) != 1 || a.Ignored != 1 {
		t.Errorf("answer is %+v", a)
	}
}

func TestSeedsCannotAskForMuch(t *testing.T) {
	z := zone{}
	var names, peers []string
	for i := range 1000 {
		name := fmt.Sprintf("n%d.example", i)
		names = append(names, "dnsaddr=/dnsaddr/"+name)
		z["_dnsaddr."+name] = []string{record(i, "/ip4/192.0.2.1/tcp/1"), "dnsaddr=" + strings.Repeat("/ip4/192.0.2.1", 100)}
		peers = append(peers, record(i, "/ip4/192.0.2.1/tcp/1"))
		for j := range 20 {
			peers = append(peers, record(1, fmt.Sprintf("/ip4/192.0.2.1/tcp/%d", j+2)))
		}
	}
	z["_dnsaddr.names.example"], z["_dnsaddr.peers.example"] = names, peers
	a, err := Ask(t.Context(), z, "names.example")
	if err != nil || len(a.Peers) != maxNames-1 {
		t.Errorf("%d peers of endless names, %v; want %d", len(a.Peers), err, maxNames-1)
	}
	a, err = Ask(t.Context(), z, "peers.example")
	if err != nil || len(a.Peers) != maxPeers {
		t.Errorf("%d peers of endless records, %v; want %d", len(a.Peers), err, maxPeers)
	}
	for _, p := range a.Peers {
		if len(p.Addrs) > maxAddrs {
			t.Errorf("%d addresses of one peer, want at most %d", len(p.Addrs), maxAddrs)
		}
	}
}

func TestSeedsThatAreDeadOrLie(t *testing.T) {
	z := zone{
		"_dnsaddr.empty.example": nil,
		"_dnsaddr.lies.example": {
			"dnsaddr=/ip4/192.0.2.1/tcp/1", // nobody
			"dnsaddr=", "dnsaddr=nonsense", "dnsaddr=/p2p/" + id(1).String(), "dnsaddr=/dnsaddr/", "dnsaddr=/dnsaddr/a b",
		},
	}
	for host, want := range map[string]error{"empty.example": ErrNothing, "lies.example": ErrNothing} {
		if a, err := Ask(t.Context(), z, host); !errors.Is(err, want) || len(a.Peers) != 0 {
			t.Errorf("%s: %+v, %v; want %v", host, a, err, want)
		}
	}
	for _, host := range []string{"dead.example", "", "not a host", "a/b", strings.Repeat("x", 300)} {
		if _, err := Ask(t.Context(), z, host); err == nil || !strings.Contains(err.Error(), "seed") {
			t.Errorf("%q: %v, want an error that names the seed", host, err)
		}
	}
}

// A record that comes from anybody never panics, and makes a peer only if it can
// be dialled.
func FuzzTake(f *testing.F) {
	f.Add("/ip4/192.0.2.1/tcp/8477/p2p/" + id(1).String())
	f.Add("/dnsaddr/x")
	f.Add("/p2p/" + id(1).String() + "/p2p-circuit")
	f.Fuzz(func(t *testing.T, value string) {
		peers := map[peer.ID]*peer.AddrInfo{}
		took := take(peers, value)
		if took != (len(peers) == 1) {
			t.Fatalf("%q: took %v, %d peers", value, took, len(peers))
		}
		for id, p := range peers {
			if id.Validate() != nil || len(p.Addrs) != 1 {
				t.Fatalf("%q makes %+v", value, p)
			}
		}
	})
}

func TestServersAreAddresses(t *testing.T) {
	for _, good := range []string{"", "127.0.0.1", "127.0.0.1:5353", "[::1]:53"} {
		if _, err := System(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"dns.example", "1.2.3", ":53", "x:y"} {
		if _, err := System(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
