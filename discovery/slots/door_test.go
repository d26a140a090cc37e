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
	now    time.Time
	links  []Inbound
	guests []visit // in the order in which their stays end
}

// visit is a guest, and when its stay ends.
type visit struct {
	guest peer.ID
	until time.Time
}

func newHouse(slots int, seed uint64) *house {
	return &house{Door: NewDoor(DefaultDoorConfig(slots), rand.NewPCG(seed, 1)), now: start()}
}

func (h *house) at(p peer.ID) int {
	return slices.IndexFunc(h.links, func(l Inbound) bool { return l.Peer == p })
}

// dial has a peer knock and enter, and says whether it is in.
func (h *house) dial(p peer.ID, group string) bool {
	return h.Knock(h.now, group, h.links) && h.enter(p, group)
}

// enter has a peer enter that nobody has heard knock.
func (h *house) enter(p peer.ID, group string) bool {
	h.links = append(h.links, Inbound{Peer: p, Group: group, Since: h.now, Greeted: true, Ping: 50 * time.Millisecond})
	for _, gone := range h.Enter(h.now, p, h.links) {
		h.drop(gone)
	}
	if h.at(p) >= 0 && len(h.links) > h.Slots() {
		h.guests = append(h.guests, visit{p, h.now.Add(h.Stay())})
	}
	return h.at(p) >= 0
}

func (h *house) drop(p peer.ID) { h.links = slices.Delete(h.links, h.at(p), h.at(p)+1) }

// wait lets time pass.
func (h *house) wait(span time.Duration) {
	end := h.now.Add(span)
	for len(h.guests) > 0 && !h.guests[0].until.After(end) {
		v := h.guests[0]
		h.now, h.guests = v.until, h.guests[1:]
		if gone, found := h.Stayed(h.now, v.guest, h.links); found {
			h.drop(gone)
		}
	}
	h.now = end
}

// fill lets in honest peers, each of a netgroup of its own, a minute apart.
func (h *house) fill(n int) {
	for i := range n {
		h.dial(peer.ID(fmt.Sprintf("honest%03d", i)), fmt.Sprintf("net%d", i))
		h.wait(time.Minute)
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
	if !h.dial("newcomer", "elsewhere") || len(h.links) != before+1 {
		t.Fatalf("%d links, the newcomer at %d, as a guest", len(h.links), h.at("newcomer"))
	}
	if h.wait(h.Stay()); h.at("newcomer") < 0 || len(h.links) != before {
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
		h.wait(time.Second)
	}
	for i := range 5 {
		want := peer.ID("")
		for _, l := range h.links {
			if _, kept := h.Protect(h.links)[l.Peer]; !kept && l.Group == "crowd" && l.Peer > want {
				want = l.Peer
			}
		}
		newcomer := peer.ID(fmt.Sprintf("new%d", i))
		h.dial(newcomer, fmt.Sprintf("other%d", i))
		if h.wait(h.Stay()); h.at(newcomer) < 0 || h.at(want) >= 0 {
			t.Errorf("newcomer %d is at %d, %s at %d", i, h.at(newcomer), want, h.at(want))
		}
	}
	h.dial("another", "crowd")
	if h.wait(h.Stay()); h.at("another") >= 0 {
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
	h := newHouse(4, 4) // and a guest
	for i := range 5 {
		h.links = append(h.links, Inbound{Peer: peer.ID(fmt.Sprint(i)), Group: "g", Named: true, Since: h.now})
	}
	if h.Knock(h.now, "h", h.links) {
		t.Error("there is room beside five links that the operator named")
	}
	all := append(slices.Clone(h.links), Inbound{Peer: "sixth", Group: "g", Named: true, Since: h.now})
	if drop := h.Enter(h.now, "sixth", all); drop != nil {
		t.Errorf("%v make way", drop)
	}
	if drop, found := h.Stayed(h.now.Add(h.Stay()), "sixth", all); found {
		t.Errorf("%v makes way", drop)
	}
}

// A guest has its stay, whoever comes after it; those for whom there is no room are not held
// to have been turned away.
func TestGuestHasItsStay(t *testing.T) {
	h := newHouse(8, 6) // and two guests
	h.fill(8)
	for i, in := range []bool{true, true, false, false} {
		if got := h.dial(peer.ID(fmt.Sprintf("guest%d", i)), fmt.Sprintf("home%d", i)); got != in {
			t.Errorf("guest %d is in: %v", i, got)
		}
		h.wait(time.Second)
	}
	if w := h.turned(h.now, "home3"); w != 0 {
		t.Errorf("%v times turned away", w)
	}
	h.wait(h.Stay() - 5*time.Second) // a second before the first stay's end
	for _, guest := range []peer.ID{"guest0", "guest1"} {
		if h.at(guest) < 0 {
			t.Errorf("%s is gone", guest)
		}
	}
	if h.wait(2 * time.Second); len(h.links) != 8 {
		t.Errorf("%d links when the stays are over", len(h.links))
	}
}

// Two hundred nodes that know of nobody but three seeds dial all of them at the same moment,
// so that all are heard before one is in; who is turned away comes back as nodes do. Each
// has soon been in somewhere.
func TestEverybodyHasTheTimeToAsk(t *testing.T) {
	began := start()
	seeds := []*house{newHouse(114, 6), newHouse(114, 7), newHouse(114, 8)}
	rng := rand.New(rand.NewPCG(6, 2))
	name := func(i int) peer.ID { return peer.ID(fmt.Sprintf("new%03d", i)) }
	group := func(i int) string { return fmt.Sprintf("net%d", i) }
	in := make(map[int]time.Duration) // after which somebody was
	due := make(map[*house][]time.Time)
	for _, h := range seeds {
		due[h] = make([]time.Time, 200)
		for i := range due[h] {
			if !h.Knock(began, group(i), h.links) {
				t.Fatalf("%s is not heard", name(i))
			}
		}
	}
	for now := began; now.Sub(began) < time.Minute; now = now.Add(100 * time.Millisecond) {
		for _, h := range seeds {
			h.wait(now.Sub(h.now))
			for _, i := range rng.Perm(len(due[h])) {
				first := due[h][i].IsZero()
				if _, done := in[i]; done && !first || now.Before(due[h][i]) {
					continue
				}
				if first && h.enter(name(i), group(i)) || !first && h.dial(name(i), group(i)) {
					if _, done := in[i]; !done {
						in[i] = now.Sub(began)
					}
				}
				due[h][i] = now.Add(10*time.Second + time.Duration(rng.Int64N(int64(5*time.Second))))
			}
			if len(h.links) > h.room() {
				t.Fatalf("%d links", len(h.links))
			}
		}
	}
	last := time.Duration(0)
	for _, after := range in {
		last = max(last, after)
	}
	if len(in) != 200 || last > 15*time.Second { // a first pause
		t.Errorf("%d have been in, the last after %v", len(in), last)
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
		h.wait(began.Add(length * time.Duration(i) / time.Duration(dials)).Sub(h.now))
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
	if len(h.links) > h.room() {
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
			h.wait(time.Second)
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
		func(c *DoorConfig) { c.Guests = -1 },
		func(c *DoorConfig) { c.Stay = 0 },
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
