package slots

import (
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// maxCallers bounds what is remembered of netgroups that knock: 8,192 × ~200 bytes =
// 1.6 MB. The one that knocked longest ago is forgotten: it counts as new.
const maxCallers = 8192

// ErrDoor is returned for settings of a [Door] that cannot work.
var ErrDoor = errors.New("bad settings of the door")

// DoorConfig holds a door's numbers.
type DoorConfig struct {
	// Slots is how many inbound links there may be for long, and Guests how many more for
	// a Stay: see [Door.Stayed].
	Slots, Guests int
	Stay          time.Duration
	// Calm is up to how many knocks a second nobody is turned away for their number
	// alone; from Flood on a netgroup is heard once in a Memory. A handshake costs
	// 3 ms of CPU on this side.
	Calm, Flood float64
	// Burst is how often one netgroup is heard in a Memory while it is calm.
	Burst float64
	// Memory is the half-life of a knock, Grudge that of having been turned away.
	Memory, Grudge time.Duration
	// Span is over how long the rate of knocks is taken.
	Span time.Duration
}

// mostGuests bounds the guests of a node with many slots: 64 MB, if each reads and is
// written to as fast as it may.
const mostGuests = 64

// DefaultDoorConfig returns 10 knocks a second for calm, 3 % of a core, and 100 for a
// flood, 30 % of one. A large hoster's /16 may bring 64 peers in a minute, as when all
// of them have restarted. Ten minutes of grudge are the longest pause with which
// honest nodes dial again, several times over. Guests are a quarter of the slots, for ten
// seconds: a handshake and a question are six round trips, each of a second at the very worst.
func DefaultDoorConfig(slots int) DoorConfig {
	return DoorConfig{
		Slots: slots, Guests: min((slots+3)/4, mostGuests), Stay: 10 * time.Second,
		Calm: 10, Flood: 100, Burst: 64, Memory: time.Minute, Grudge: 10 * time.Minute, Span: 5 * time.Second,
	}
}

// Validate reports the first setting that cannot work.
func (c DoorConfig) Validate() error {
	switch {
	case c.Slots < 0 || c.Guests < 0:
		return fmt.Errorf("%w: %d slots, %d guests", ErrDoor, c.Slots, c.Guests)
	case !(c.Calm > 0) || !(c.Flood > c.Calm):
		return fmt.Errorf("%w: calm up to %v knocks a second, a flood from %v on", ErrDoor, c.Calm, c.Flood)
	case !(c.Burst >= 1):
		return fmt.Errorf("%w: a burst of %v", ErrDoor, c.Burst)
	case c.Stay <= 0 || c.Memory <= 0 || c.Grudge <= 0 || c.Span <= 0:
		return fmt.Errorf("%w: a stay of %v, a memory of %v, a grudge of %v, a span of %v", ErrDoor, c.Stay, c.Memory, c.Grudge, c.Span)
	}
	return nil
}

// Door decides which inbound connections may come in, and which link makes way when
// there is no room. It is not safe for concurrent use.
//
//	dial ──▶ Knock ── no ──▶ turned away, before the handshake
//	           │ yes, handshake
//	           ▼
//	         Enter ── full: a guest ──▶ Stayed ──▶ the link that makes way
type Door struct {
	cfg     DoorConfig
	secret  [16]byte
	callers map[string]*list.Element
	recent  *list.List // of *caller, the last one first
	rate    fading     // knocks in a span
}

// caller is a netgroup that knocks.
type caller struct {
	group  string
	knocks fading
	turned fading
}

// fading is a count that halves in a time.
type fading struct {
	count float64
	at    time.Time
}

// left is what is left of it. A clock that is set back forgets nothing.
func (f fading) left(now time.Time, half time.Duration) float64 {
	return f.count * math.Exp2(-float64(max(now.Sub(f.at), 0))/float64(half))
}

func (f *fading) add(now time.Time, half time.Duration) {
	f.count, f.at = f.left(now, half)+1, now
}

// NewDoor returns a door that has seen nobody.
func NewDoor(cfg DoorConfig, src rand.Source) *Door {
	d := &Door{cfg: cfg, callers: make(map[string]*list.Element), recent: list.New()}
	binary.LittleEndian.PutUint64(d.secret[:8], src.Uint64())
	binary.LittleEndian.PutUint64(d.secret[8:], src.Uint64())
	return d
}

// Slots returns how many inbound links there may be for long.
func (d *Door) Slots() int { return d.cfg.Slots }

// Stay returns how long after it has come in [Door.Stayed] must be asked about a guest.
func (d *Door) Stay() time.Duration { return d.cfg.Stay }

// room is how many inbound links there may be at a time.
func (d *Door) room() int { return d.cfg.Slots + d.cfg.Guests }

// Knock says whether a connection from a netgroup may go on to its handshake, given
// the inbound links there are.
func (d *Door) Knock(now time.Time, group string, links []Inbound) bool {
	c := d.caller(group)
	d.rate.add(now, d.cfg.Span)
	before := c.knocks.left(now, d.cfg.Memory)
	c.knocks.add(now, d.cfg.Memory)
	if before >= d.allowance(now) {
		c.turned.add(now, d.cfg.Grudge)
		return false
	}
	if len(links) < d.room() {
		return true
	}
	weights := d.weights(now, links)
	own, linked := weights[group]
	if !linked {
		own = d.turned(now, group)
	}
	if d.outweighed(own+1, links, weights) {
		return true
	}
	if own > 0 { // else it is not its fault: it may come again
		c.turned.add(now, d.cfg.Grudge)
	}
	return false
}

// allowance is how often one netgroup is heard in a memory: it falls from a burst to
// one, along an S, as the rate of all knocks rises from calm to flood. Source of the
// idea: dcrd's connmgr, which has buckets of tokens for netgroups and an S-curve. Who
// knocks for the first time is always heard.
func (d *Door) allowance(now time.Time) float64 {
	// The sum of what has faded is the rate times its mean life.
	rate := d.rate.left(now, d.cfg.Span) * math.Ln2 / d.cfg.Span.Seconds()
	x := min(max((rate-d.cfg.Calm)/(d.cfg.Flood-d.cfg.Calm), 0), 1)
	return 1 + (d.cfg.Burst-1)*(1-x*x*(3-2*x))
}

// outweighed says whether there is a link that may go and weighs more than a newcomer.
func (d *Door) outweighed(own float64, links []Inbound, weights map[string]float64) bool {
	most := 0.0
	for _, w := range weights {
		most = max(most, w)
	}
	if own >= most { // as in a flood: no need to look at every link
		return false
	}
	victim, found := d.evict(links, weights)
	return found && own < weights[victim.Group]
}

// turned is how often a netgroup was turned away lately, a whole number: one time is
// forgiven after a Grudge.
func (d *Door) turned(now time.Time, group string) float64 {
	if el := d.callers[group]; el != nil {
		c, _ := el.Value.(*caller) // the list holds nothing else
		return math.Round(c.turned.left(now, d.cfg.Grudge))
	}
	return 0
}

// caller finds or begins what is remembered of a netgroup.
func (d *Door) caller(group string) *caller {
	el := d.callers[group]
	if el == nil {
		if d.recent.Len() >= maxCallers {
			oldest, _ := d.recent.Remove(d.recent.Back()).(*caller) // the list holds nothing else
			delete(d.callers, oldest.group)
		}
		el = d.recent.PushFront(&caller{group: group})
		d.callers[group] = el
	}
	d.recent.MoveToFront(el)
	c, _ := el.Value.(*caller)
	return c
}
