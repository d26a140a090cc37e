package node

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/slots"
)

// With a table, the door takes addresses of one autonomous system for one netgroup, however many
// prefixes they are in.
func TestDoorTellsAutonomousSystemsApart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "asmap")
	if err := os.WriteFile(file, []byte("20.0.0.0/8 64500\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := readTable(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		node *Node
		most int
	}{{new(Node), 200}, {&Node{table: table}, 80}} {
		d := &doorman{node: c.node, door: slots.NewDoor(slots.DefaultDoorConfig(1), rand.NewPCG(1, 1))}
		in := 0
		for i := range byte(200) {
			from := multiaddr.StringCast(fmt.Sprintf("/ip4/20.%d.0.1/tcp/1", i))
			if d.door.Knock(time.Now().Add(time.Duration(i)*time.Second/10), c.node.table.OfAddr(from), nil) {
				in++
			}
		}
		if in < 60 || in > c.most || c.most == 200 && in < 200 {
			t.Errorf("%d of 200 are heard, at most %d should be", in, c.most)
		}
	}
	if err := os.WriteFile(file, []byte("20.0.0.0/8 64500\n20.0.0.1/8 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readTable(file); err == nil || !strings.Contains(err.Error(), "asmap") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
}
