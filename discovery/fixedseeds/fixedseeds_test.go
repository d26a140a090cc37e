package fixedseeds

import (
	"io/fs"
	"strings"
	"testing"
)

const one = "/ip4/192.0.2.1/tcp/8333/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

// What is built in can be read: a typing error shows here and not on a stranger's machine.
func TestBuiltInSeeds(t *testing.T) {
	names, err := fs.Glob(files, "*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		if _, err := Of(strings.TrimSuffix(name, ".txt")); err != nil {
			t.Error(err)
		}
	}
	if peers, err := Of("regtest"); len(peers) > 0 || err != nil {
		t.Errorf("a private network has %d, %v", len(peers), err)
	}
}

func TestParse(t *testing.T) {
	peers, err := parse("# why\n\n  " + one + "\n")
	if err != nil || len(peers) != 1 || peers[0].Addrs[0].String() != "/ip4/192.0.2.1/tcp/8333" {
		t.Errorf("%v, %v", peers, err)
	}
	for _, bad := range []string{"192.0.2.1:8333", "/ip4/192.0.2.1/tcp/8333", one + "x", one + " " + one} {
		if _, err := parse("#\n" + bad); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# why\n" + one)
	f.Add("/ip6/::1/udp/1/quic-v1")
	f.Fuzz(func(t *testing.T, text string) {
		peers, err := parse(text)
		if err != nil {
			return
		}
		for _, p := range peers {
			if p.ID == "" {
				t.Errorf("a peer without an id in %q", text)
			}
		}
	})
}
