package reputation

import (
	"container/list"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// maxAccounts bounds what is remembered of charges: 4,096 × ~500 bytes = 2 MB. The
// account that was charged longest ago gives way. An attacker who wants one to
// be forgotten needs as many ids and hosts that misbehave meanwhile.
const maxAccounts = 4096

// remembered is how many charges an account keeps for the operator to read.
const remembered = 8

// Config holds the numbers of a [Ledger].
type Config struct {
	// Breach is what a breach of the contract costs, in points. An offence that
	// PenaltyOf bans for costs Threshold.
	Breach float64
	// Threshold is from how many points on a peer is banned, HostThreshold a host.
	Threshold, HostThreshold float64
	// HalfLife is how long it takes for half of the points to be forgotten.
	HalfLife time.Duration
	// BanTime is how long an automatic ban lasts.
	BanTime time.Duration
}

// DefaultConfig returns 30 points a breach, halved every hour, and a threshold of
// 100, which is that of Bitcoin Core before 0.20 and of btcd: four breaches in a row
// ban a peer, or one every half-hour for five hours, each of which has ended a
// connection. A second id that is banned within an hour of the first bans their host.
func DefaultConfig() Config {
	return Config{Breach: 30, Threshold: 100, HostThreshold: 150, HalfLife: time.Hour, BanTime: BanTime}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case !(c.Breach >= 0): // not a number is neither
		return fmt.Errorf("%v points a breach", c.Breach)
	case !(c.Threshold > 0) || !(c.HostThreshold >= c.Threshold):
		return fmt.Errorf("thresholds of %v points for a peer and %v for a host", c.Threshold, c.HostThreshold)
	case c.HalfLife <= 0:
		return fmt.Errorf("half-life %v is not above 0", c.HalfLife)
	case c.BanTime <= 0:
		return fmt.Errorf("ban time %v is not above 0", c.BanTime)
	}
	return nil
}

// Charge is a broken rule in an account.
type Charge struct {
	At     time.Time
	Reason events.Reason
	Points float64
}

// Account is what is held against a subject.
type Account struct {
	Subject Subject
	Points  float64  // now
	Charges []Charge // the last ones, the latest last
	Ban     *Ban     // nil = none
}

// account is an open one.
type account struct {
	subject Subject
	points  float64
	at      time.Time // of the points
	charges []Charge
}

// Ledger keeps accounts and bans. It is not safe for concurrent use.
type Ledger struct {
	cfg      Config
	spare    map[peer.ID]struct{}
	accounts map[Subject]*list.Element
	recent   *list.List // of *account, the last charged first
	bans     bans
}

// New returns a ledger without accounts. The spared, peers that the operator named,
// are never banned but by him.
func New(cfg Config, spare []peer.ID) *Ledger {
	l := &Ledger{
		cfg: cfg, spare: make(map[peer.ID]struct{}),
		accounts: make(map[Subject]*list.Element), recent: list.New(), bans: newBans(),
	}
	for _, p := range spare {
		l.spare[p] = struct{}{}
	}
	return l
}

// Party is who broke a rule. The address may be unknown, zero.
type Party struct {
	Peer peer.ID
	IP   netip.Addr
}

// Charge books a broken rule and returns what it costs. hard makes any reason one
// to ban for: the caller knows that no honest peer could have done it.
func (l *Ledger) Charge(now time.Time, who Party, reason events.Reason, hard bool) (cost Penalty, banned []Subject) {
	cost = PenaltyOf(reason)
	if hard {
		cost = Exclude
	}
	points := 0.0
	switch {
	case cost == Exclude:
		points = l.cfg.Threshold
	case breach(reason):
		points = l.cfg.Breach
	}
	spared := l.Spared(who.Peer)
	if l.book(now, OfPeer(who.Peer), reason, points) >= l.cfg.Threshold && !spared {
		banned = append(banned, OfPeer(who.Peer))
		cost = Exclude
	}
	if points > 0 && !spared && public(who.IP) {
		if host := OfHost(who.IP); l.book(now, host, reason, points) >= l.cfg.HostThreshold {
			banned = append(banned, host)
		}
	}
	for _, s := range banned {
		// Automatic bans always find room, unless the operator's own fill the store.
		_ = l.bans.set(now, Ban{Subject: s, From: now, Until: now.Add(l.cfg.BanTime), Reason: reason})
	}
	return cost, banned
}

// book adds points to an account and returns how many it has.
func (l *Ledger) book(now time.Time, s Subject, reason events.Reason, points float64) float64 {
	el := l.accounts[s]
	if el == nil {
		if l.recent.Len() >= maxAccounts {
			oldest, _ := l.recent.Remove(l.recent.Back()).(*account) // the list holds nothing else
			delete(l.accounts, oldest.subject)
		}
		el = l.recent.PushFront(&account{subject: s, at: now})
		l.accounts[s] = el
	}
	l.recent.MoveToFront(el)
	a, _ := el.Value.(*account)
	a.points, a.at = l.left(a, now)+points, now
	if len(a.charges) == remembered {
		a.charges = append(a.charges[:0], a.charges[1:]...)
	}
	a.charges = append(a.charges, Charge{now, reason, points})
	return a.points
}

// left returns an account's points at a time. A clock that is set back forgets
// nothing and adds nothing.
func (l *Ledger) left(a *account, now time.Time) float64 {
	age := max(now.Sub(a.at), 0)
	return a.points * math.Exp2(-float64(age)/float64(l.cfg.HalfLife))
}

// Why returns what is held against a subject, and the ban that hits it if there is
// one, be it of a subnet.
func (l *Ledger) Why(now time.Time, s Subject) Account {
	out := Account{Subject: s}
	if el := l.accounts[s]; el != nil {
		a, _ := el.Value.(*account)
		out.Points = l.left(a, now)
		out.Charges = append(out.Charges, a.charges...)
	}
	ban, hit := l.bans.of(now, s.Peer)
	if s.Peer == "" {
		ban, hit = l.bans.at(now, s.Net.Addr())
	}
	if hit {
		out.Ban = &ban
	}
	return out
}

// Limit returns from how many points on a subject is banned.
func (l *Ledger) Limit(s Subject) float64 {
	if s.Peer != "" {
		return l.cfg.Threshold
	}
	return l.cfg.HostThreshold
}

// Held returns the ban of just this subject, not one of a net around it.
func (l *Ledger) Held(now time.Time, s Subject) (Ban, bool) {
	h := l.bans.by[s]
	if h == nil || !now.Before(h.Until) {
		return Ban{}, false
	}
	return h.Ban, true
}

// Ban keeps a subject out until a time, by the operator's word.
func (l *Ledger) Ban(now time.Time, s Subject, until time.Time) error {
	return l.bans.set(now, Ban{Subject: s, From: now, Until: until, Reason: events.Requested, Manual: true})
}

// Unban ends a subject's ban, closes its account, and says whether there was a ban.
func (l *Ledger) Unban(s Subject) bool {
	if el := l.accounts[s]; el != nil {
		l.recent.Remove(el)
		delete(l.accounts, s)
	}
	return l.bans.lift(s)
}

// Spared says whether a peer is one that only the operator bans.
func (l *Ledger) Spared(p peer.ID) bool {
	_, spared := l.spare[p]
	return spared
}

// Banned returns the ban that keeps a peer out.
func (l *Ledger) Banned(now time.Time, p peer.ID) (Ban, bool) { return l.bans.of(now, p) }

// BannedIP returns a ban that keeps an address out.
func (l *Ledger) BannedIP(now time.Time, ip netip.Addr) (Ban, bool) { return l.bans.at(now, ip) }

// Bans returns all that are in force, by their subjects' names.
func (l *Ledger) Bans(now time.Time) []Ban {
	return l.bans.list(now, func(h *held) bool { return now.Before(h.Until) })
}
