package slots

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// house is a node with a door, and the links it lets in.
type house struct {
	*Door
	now   time.Time
	links []Inbound
}

func newHouse(slots int, seed uint64) *house {
	return &house{Door: NewDoor(DefaultDoorConfig(slots), rand.NewPCG(seed, 1)), now: start()}
}

func (h *house) at(p peer.ID) int {
	return slices.IndexFunc(h.links, func(l Inbound) bool { return l.Peer == p })
}

// dial has a peer knock and enter, and says whether it is in.
func (h *house) dial(p peer.ID, group string) bool {
	if !h.Knock(h.now, group, h.links) {
		return false
	}
	h.links = append(h.links, Inbound{Peer: p, Group: group, Since: h.now, Greeted: true, Ping: 50 * time.Millisecond})
	for _, gone := range h.Enter(h.now, p, h.links) {
		h.links = slices.Delete(h.links, h.at(gone), h.at(gone)+1)
	}
	return h.at(p) >= 0
}

// fill lets in honest peers, each of a netgroup of its own, a minute apart.
func (h *house) fill(n int) {
	for i := range n {
		h.dial(peer.ID(fmt.Sprintf("honest%03d", i)), fmt.Sprintf("net%d", i))
		h.now = h.now.Add(time.Minute)
	}
}

// TestPeersThatAreWorthSomethingStay is Bitcoin Core's p2p_eviction in our terms: of 21
// inbound links, those that are near, bring blocks or transactions stay, and of the
// others half; one of the rest makes way.
func TestPeersThatAreWorthSomethingStay(t *testing.T) {
	h := newHouse(32, 1)
	h.fill(32)
	for i := range h.links {
		l := &h.links[i]
		l.Ping = time.Second
		switch {
		case i < 4:
			l.LastBlock = h.now.Add(-time.Duration(i) * time.Minute)
		case i < 8:
			l.LastTx = h.now.Add(-time.Duration(i) * time.Minute)
		case i < 16:
			l.Ping = time.Millisecond
		}
	}
	why := h.Protect(h.links)
	count := make(map[string]int)
	for _, reason := range why {
		count[reason]++
	}
	// 32 slots: the rules keep 32/40 of their numbers, rounded up, and then half of the rest.
	if count[OwnNetgroup] != 4 || count[Near] != 7 || count[BroughtTxs] > 4 || count[BroughtBlocks] > 4 || count[BroughtTxs]+count[BroughtBlocks] < 4 {
		t.Errorf("kept: %v", count)
	}
	if rest := 32 - len(why) + count[LongUp]; count[LongUp] != rest/2 {
		t.Errorf("%d of %d are kept for their time", count[LongUp], rest)
	}
	for i, l := range h.links[:8] {
		if why[l.Peer] == "" {
			t.Errorf("peer %d, which has brought something, may be let go", i)
		}
	}
	before := len(h.links)
	if !h.dial("newcomer", "elsewhere") || len(h.links) != before {
		t.Fatalf("%d links, the newcomer at %d", len(h.links), h.at("newcomer"))
	}
	for p := range why {
		if h.at(p) < 0 {
			t.Errorf("%s was protected as %s and is gone", p, why[p])
		}
	}
}

func TestLargestNetgroupMakesWayYoungestFirst(t *testing.T) {
	h := newHouse(40, 2)
	h.fill(20)
	for i := range 20 {
		h.dial(peer.ID(fmt.Sprintf("crowd%02d", i)), "crowd")
		h.now = h.now.Add(time.Second)
	}
	for i := range 5 {
		want := peer.ID("")
		for _, l := range h.links {
			if _, kept := h.Protect(h.links)[l.Peer]; !kept && l.Group == "crowd" && l.Peer > want {
				want = l.Peer
			}
		}
		if !h.dial(peer.ID(fmt.Sprintf("new%d", i)), fmt.Sprintf("other%d", i)) || h.at(want) >= 0 {
			t.Errorf("newcomer %d is at %d, %s at %d", i, h.at(peer.ID(fmt.Sprintf("new%d", i))), want, h.at(want))
		}
		h.now = h.now.Add(time.Second)
	}
	if h.dial("another", "crowd") {
		t.Error("the crowd gets one more in")
	}
}

func TestWhoHasNotShakenHandsGoesFirst(t *testing.T) {
	h := newHouse(2, 3)
	h.links = []Inbound{{Peer: "a", Group: "1", Since: h.now}, {Peer: "b", Group: "2", Since: h.now.Add(time.Second), Greeted: true}}
	h.now = h.now.Add(time.Minute)
	if victim, found := h.Evict(h.now, h.links); !found || victim.Peer != "a" {
		t.Errorf("%+v goes", victim)
	}
}

func TestNamedPeersAlwaysComeInAndStay(t *testing.T) {
	h := newHouse(4, 4)
	for i := range 4 {
		h.links = append(h.links, Inbound{Peer: peer.ID(fmt.Sprint(i)), Group: "g", Named: true, Since: h.now})
	}
	if h.Knock(h.now, "h", h.links) {
		t.Error("there is room beside four links that the operator named")
	}
	all := append(slices.Clone(h.links), Inbound{Peer: "fifth", Group: "g", Named: true, Since: h.now})
	if drop := h.Enter(h.now, "fifth", all); drop != nil {
		t.Errorf("%v make way", drop)
	}
}

// flooded plays 10,000 dials from so many netgroups over three minutes against a full
// house, as each of them would: at once again when it is refused or let go. An honest
// newcomer comes in the middle, with pauses of 1, 2, 4 … seconds.
func flooded(t *testing.T, groups int, seed uint64) {
	t.Helper()
	h := newHouse(114, seed)
	h.fill(60)
	protected := h.Protect(h.links)
	rng := rand.New(rand.NewPCG(seed, 2))
	const length = 3 * time.Minute
	dials := 10_000
	if testing.Short() {
		dials = 2500
	}
	began := h.now
	newcomer, next, pause, cameIn := peer.ID("newcomer"), began.Add(length/2), time.Second, time.Duration(-1)
	handshakes := 0
	for i := range dials {
		h.now = began.Add(length * time.Duration(i) / time.Duration(dials))
		if h.dial(peer.ID(fmt.Sprintf("bot%05d", i)), fmt.Sprintf("bots%d", rng.IntN(groups))) {
			handshakes++
		}
		if h.at(newcomer) < 0 && !h.now.Before(next) {
			if h.dial(newcomer, "home") && cameIn < 0 {
				cameIn = h.now.Sub(began) - length/2
			}
			next, pause = h.now.Add(pause), 2*pause
		}
	}
	for p, why := range protected {
		if h.at(p) < 0 {
			t.Errorf("%d netgroups: %s was protected as %s and is gone", groups, p, why)
		}
	}
	if cameIn < 0 || cameIn > 30*time.Second || h.at(newcomer) < 0 {
		t.Errorf("%d netgroups: the newcomer was in after %v, at the end it is at %d", groups, cameIn, h.at(newcomer))
	}
	if len(h.links) > 114 {
		t.Errorf("%d links", len(h.links))
	}
	t.Logf("%d netgroups: %d of %d dials came in, the newcomer after %v", groups, handshakes, dials, cameIn)
}

func TestFloodKeepsNobodyOut(t *testing.T) {
	for _, groups := range []int{1, 32, 250} {
		for seed := range uint64(1) {
			flooded(t, groups, seed)
		}
	}
}

func TestCallersAreBounded(t *testing.T) {
	h := newHouse(4, 5)
	for i := range 3 * maxCallers {
		h.Knock(h.now, fmt.Sprint(i), nil)
		h.now = h.now.Add(time.Millisecond)
	}
	if len(h.callers) != maxCallers || h.recent.Len() != maxCallers {
		t.Errorf("%d and %d are remembered", len(h.callers), h.recent.Len())
	}
}

func TestSameSeedSameGuests(t *testing.T) {
	run := func(seed uint64) []Inbound {
		h := newHouse(30, seed)
		rng := rand.New(rand.NewPCG(9, 9))
		for i := range 2000 {
			h.dial(peer.ID(fmt.Sprint(i)), fmt.Sprint(rng.IntN(50)))
			h.now = h.now.Add(time.Second)
		}
		return h.links
	}
	if !slices.Equal(run(6), run(6)) || slices.Equal(run(6), run(7)) {
		t.Error("the links do not follow from the seed")
	}
}

func TestDoorConfigIsChecked(t *testing.T) {
	if err := DefaultDoorConfig(114).Validate(); err != nil {
		t.Error(err)
	}
	for _, spoil := range []func(*DoorConfig){
		func(c *DoorConfig) { c.Slots = -1 },
		func(c *DoorConfig) { c.Calm = 0 },
		func(c *DoorConfig) { c.Flood = c.Calm },
		func(c *DoorConfig) { c.Burst = 0 },
		func(c *DoorConfig) { c.Grudge = 0 },
	} {
		cfg := DefaultDoorConfig(114)
		spoil(&cfg)
		if !errors.Is(cfg.Validate(), ErrDoor) {
			t.Errorf("%+v passes", cfg)
		}
	}
}
