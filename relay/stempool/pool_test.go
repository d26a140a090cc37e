package stempool

import (
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/purse"
)

func TestWhatIsFluffedWins(t *testing.T) {
	l := newLedger(4)
	p := l.stems()
	line := chainOf(3, l.coins[0])
	rival := pay(2000, l.coins[0])
	other := pay(1000, l.coins[1])
	mustAdd(t, p, "a", line...)
	mustAdd(t, p, "c", line[:2]...)
	mustAdd(t, p, own, other)
	mustAdd(t, p, "b", rival)
	lost := p.Fluffed(rival)
	if want := []chainhash.Hash{*line[0].Hash(), *line[1].Hash(), *line[2].Hash()}; !slices.Equal(lost, want) {
		t.Errorf("lost %v, want %v: each once, with all that spends from it", lost, want)
	}
	if _, ok := p.Get(*rival.Hash()); ok || p.Len() != 1 || !p.HoldsOwn(*other.Hash()) {
		t.Errorf("%d are held", p.Len())
	}
	consistent(t, p)
}

// A child stays while its parent goes into the mempool, and goes if that loses there.
func TestChildOutlivesItsParentsStem(t *testing.T) {
	l := newLedger(2)
	p := l.stems()
	line := chainOf(3, l.coins[0])
	mustAdd(t, p, "a", line...)
	parent, ok := p.Take(*line[0].Hash())
	if !ok || parent != line[0] || p.Len() != 2 {
		t.Fatalf("%d are held", p.Len())
	}
	if _, err := l.Submit(start(), parent, ""); err != nil {
		t.Fatal(err)
	}
	if lost := p.Fluffed(parent); lost != nil {
		t.Errorf("lost %v", lost)
	}
	mustAdd(t, p, "a", pay(1000, purse.Coins(line[2])...))
	if gone := p.Drop(*line[1].Hash()); len(gone) != 3 || p.Len() != 0 {
		t.Errorf("gone %v, %d are held", gone, p.Len())
	}
	consistent(t, p)
}

// The same transaction over two edges is found once, and goes at once from both.
func TestCopiesOfEdgesGoTogether(t *testing.T) {
	l := newLedger(1)
	p := l.stems()
	tx := pay(1000, l.coins[0])
	for _, from := range []peer.ID{"b", "a", own} {
		mustAdd(t, p, from, btcutil.NewTx(tx.MsgTx()))
	}
	if p.Len() != 3 || !p.HoldsOwn(*tx.Hash()) {
		t.Errorf("%d are held", p.Len())
	}
	consistent(t, p)
	if _, ok := p.Take(*tx.Hash()); !ok || p.Len() != 0 || p.HoldsOwn(*tx.Hash()) {
		t.Errorf("%d are held", p.Len())
	}
	if _, ok := p.Take(*tx.Hash()); ok {
		t.Error("it is taken twice")
	}
	consistent(t, p)
}

func TestBoundsOfAnEdge(t *testing.T) {
	l := newLedger(40)
	one := memory(pay(1000, l.coins[0]))
	for name, c := range map[string]struct {
		adjust func(*Config)
		want   int
	}{
		"count": {func(c *Config) { c.MaxCount = 10 }, 10},
		"bytes": {func(c *Config) { c.MaxBytes, c.Share = edgeOverhead+7*one+one/2, 0 }, 7},
	} {
		for _, from := range []peer.ID{"a", own} {
			p, taken := l.stems(c.adjust), 0
			for _, coin := range l.coins {
				if add(t, p, pay(1000, coin), from) == "" {
					taken++
				}
			}
			if taken != c.want {
				t.Errorf("%s of edge %q: %d were taken, want %d", name, from, taken, c.want)
			}
			for hash := range p.edges[from].txs {
				p.Drop(hash)
				break
			}
			mustAdd(t, p, from, pay(2000, l.coins[39])) // there is room again
			consistent(t, p)
		}
	}
}

// However many edges there are, the pool keeps to what its settings name, and those
// that hold little find room.
func TestTotalIsBounded(t *testing.T) {
	l := newLedger(30)
	one := memory(pay(1000, l.coins[0]))
	p := l.stems(func(c *Config) {
		c.MaxBytes = edgeOverhead + 30*one
		c.TotalBytes, c.Share, c.MaxEdges = 3*c.MaxBytes, edgeOverhead+2*one, 8
	})
	fill := func(from peer.ID) (taken int) {
		for _, c := range l.coins {
			if add(t, p, pay(1000+int64(len(p.edges)), c), from) == "" {
				taken++
			}
			consistent(t, p)
		}
		return taken
	}
	for i, want := range []int{30, 30, 30, 2, 2, 2, 2, 2, 0, 0} {
		if got := fill(peer.ID(rune('a' + i))); got != want {
			t.Errorf("edge %d has %d taken, want %d", i, got, want)
		}
	}
	if got := fill(own); got != 30 {
		t.Errorf("the node itself has %d taken", got)
	}
	if named := p.cfg.Memory(); p.bytes+p.edges[own].bytes > named {
		t.Errorf("%d bytes, above the %d that are named", p.bytes, named)
	}
}

// Edges that hold nothing cost a few hundred bytes, and there are so many at most:
// those whose peers are gone are forgotten first.
func TestIdleEdgesAreForgotten(t *testing.T) {
	l := newLedger(1)
	p := l.stems()
	held := pay(1000, l.coins[0])
	mustAdd(t, p, "holds", held)
	p.Leave("holds")
	low := pay(1, l.coins[0])
	add(t, p, low, "stays")
	for i := range 3 * maxKnown {
		from := peer.ID(binaryName(i))
		add(t, p, low, from)
		p.Leave(from)
	}
	if len(p.edges) > maxKnown {
		t.Errorf("%d edges are known", len(p.edges))
	}
	for _, from := range []peer.ID{"holds", "stays"} {
		if p.edges[from] == nil {
			t.Errorf("%q is forgotten", from)
		}
	}
	p.Take(*held.Hash())
	if e := p.edges["holds"]; e.over != nil || e.txs != nil {
		t.Error("an idle edge keeps its memory")
	}
}

func binaryName(i int) []byte { return []byte{byte(i), byte(i >> 8), byte(i >> 16)} }

// What was held before a restart has been paid for, and its peer may never come back.
func TestRestoredEdgesAreNotCharged(t *testing.T) {
	l := newLedger(30)
	p := l.stems(func(c *Config) { c.Count = Rate{PerSecond: 1, Burst: 5} })
	for _, c := range l.coins[:20] {
		if err := p.Restore(start(), pay(1000, c), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if !p.edges["a"].gone {
		t.Error("a peer counts as here that has not come")
	}
	mustAdd(t, p, "a", pay(1000, l.coins[20]))
	if p.edges["a"].gone {
		t.Error("a peer counts as gone that sends")
	}
	if err := p.Restore(start(), pay(1000, wireCoin()), "b"); err == nil {
		t.Error("what is not valid any more was restored")
	}
	consistent(t, p)
}

// wireCoin is one that nobody has heard of.
func wireCoin() purse.Coin {
	return purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{0xff}}, Value: coinValue}
}
