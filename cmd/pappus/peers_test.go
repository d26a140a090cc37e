package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pappus-network/pappus/internal/proc"
)

// An operator bans a peer, asks why it is gone, takes it back, and carries the address
// book to another node.
func TestOperatorChoosesPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes: run without -short")
	}
	bin := proc.Build(t)
	var id string
	c := cluster{proc.Start(t, bin, "regtest", t.TempDir(), "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0")}
	for range 2 {
		c = append(c, proc.Start(t, bin, "regtest", t.TempDir(), "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--outbound", "0"))
	}
	addr := c[0].Addr(t)
	id = addr[strings.LastIndex(addr, "/")+1:]
	if got := c.on(t, 1, "peers", "add", addr); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	linked := func() bool { return strings.Contains(c.on(t, 1, "peers", "list").out, id) }
	c.await(t, "the peer is linked", linked)
	c.await(t, "it is in the book", func() bool { return strings.Contains(c.on(t, 1, "peers", "addresses", "5").out, id) })

	if got := c.on(t, 1, "peers", "ban", id, "--for", "2h"); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	c.await(t, "the link is closed", func() bool { return !linked() })
	if got := c.on(t, 1, "peers", "banned"); !strings.Contains(got.out, id) || !strings.Contains(got.out, "requested") {
		t.Errorf("%+v", got)
	}
	if got := c.on(t, 1, "peers", "why", id); !strings.Contains(got.out, "not connected") || !strings.Contains(got.out, "for another ") || !strings.Contains(got.out, "last one ended") {
		t.Errorf("%+v", got)
	}
	if got := c.on(t, 1, "peers", "ban", "everybody"); got.code != exitFailed || !strings.Contains(got.err, "neither a peer id, an IP address nor a subnet") {
		t.Errorf("%+v", got)
	}
	if got := c.on(t, 1, "peers", "unban", id); got.code != exitDone {
		t.Errorf("%+v", got)
	}
	c.await(t, "the peer that is kept comes back", linked)

	book := filepath.Join(t.TempDir(), "book.jsonl")
	if got := c.on(t, 1, "addresses", "export", book); got.code != exitDone || !strings.Contains(got.out, "1 address in") {
		t.Fatalf("%+v", got)
	}
	if got := c.on(t, 2, "addresses", "import", book); got.code != exitDone || !strings.Contains(got.out, "1 new, 0 known already, 0 refused") {
		t.Errorf("%+v", got)
	}
	if got := c.on(t, 0, "addresses", "import", book); got.code != exitFailed || !strings.Contains(got.err, "line 1: it is this node itself") {
		t.Errorf("%+v", got)
	}
	var sizes map[string]bookSize
	if got := c.on(t, 2, "rpc", "getaddrmaninfo"); json.Unmarshal([]byte(got.out), &sizes) != nil || sizes["ipv4"].Total != 1 {
		t.Errorf("%+v", got)
	}
	if got := c.on(t, 2, "rpc", "addnode", addr, "onetry"); got.code != exitDone {
		t.Errorf("%+v", got)
	}
	c.await(t, "a peer that is dialled once is the operator's", func() bool {
		fields := strings.Fields(c.on(t, 2, "peers", "list").out)
		return slices.Contains(fields, "manual") && slices.Contains(fields, "operator")
	})
}

// A closed network of processes: who has the key is linked, who has not is not, and
// the node says how it is seen from outside.
func TestProcessesOfAClosedNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes: run without -short")
	}
	bin, key := proc.Build(t), filepath.Join(t.TempDir(), "swarm.key")
	if err := os.WriteFile(key, []byte("/key/swarm/psk/1.0.0/\n/base16/\n"+strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--outbound", "0"}
	closed := append([]string{"--swarm-key", key}, args...)
	c := cluster{proc.Start(t, bin, "regtest", t.TempDir(), closed...)}
	dial := []string{"--addnode", c[0].Addr(t)}
	c = append(c, proc.Start(t, bin, "regtest", t.TempDir(), append(dial, args...)...), proc.Start(t, bin, "regtest", t.TempDir(), append(dial, closed...)...))
	c.await(t, "the member is linked", func() bool { return c.on(t, 0, "rpc", "getconnectioncount").out == "1\n" })
	if got := c.on(t, 1, "rpc", "getconnectioncount"); got.out != "0\n" {
		t.Errorf("the stranger: %+v", got)
	}
	if got := c.on(t, 0, "status"); !strings.Contains(got.out, "from outside") || !strings.Contains(got.out, "1 peer has dialled this node") {
		t.Errorf("%+v", got)
	}
	if got := c.on(t, 2, "peers", "limits"); !strings.Contains(got.out, "handshakes") || !strings.Contains(got.out, "--max-peers 125 less 0 outbound") {
		t.Errorf("%+v", got)
	}
}
