package api

import (
	"context"
	"errors"
	"time"

	"github.com/btcsuite/btcd/btcjson"
)

// What a [Bans] says of a subject.
var (
	ErrBadSubject = errors.New("neither a peer id, an IP address nor a subnet")
	ErrBanned     = errors.New("banned already")
	ErrFull       = errors.New("the list of bans is full: lift some, or ban a subnet")
)

// defaultBan is how long a ban lasts if nobody says otherwise. Source: Bitcoin
// Core's default for -bantime.
const defaultBan = 24 * time.Hour

// maxBan bounds a ban: a century. A time further on does not fit a Duration.
const maxBan = 100 * 365 * 24 * time.Hour

// Bans answers who is kept out, and keeps out. A subject is a peer id, an IP address
// or a subnet, as text.
type Bans interface {
	// Ban keeps a subject out until a time and ends its links. The error Is one of
	// this package's.
	Ban(subject string, until time.Time) error
	// Unban ends a subject's ban and says whether there was one. The error Is [ErrBadSubject].
	Unban(subject string) (bool, error)
	// Bans returns those in force, in an order of its own.
	Bans() []Ban
	// Standing returns what is held against a subject. The error Is [ErrBadSubject].
	Standing(subject string) (Standing, error)
}

// Ban keeps somebody out.
type Ban struct {
	Subject     string
	From, Until time.Time
	Reason      string // a reason code
	Manual      bool   // the operator set it
}

// Standing is how a node thinks of somebody.
type Standing struct {
	Subject   string  // in its usual form
	Points    float64 // held against it now
	Limit     float64 // from how many on it is banned
	Charges   []Charge
	Ban       *Ban // that hits it, be it of a subnet; nil = none
	Named     bool // the operator named it: nobody else bans it
	Connected bool
	Protected string     // why its link is not let go to make room; "" = it may be
	Left      *Departure // how its last link ended; nil = not known
}

// Charge is a rule that somebody broke.
type Charge struct {
	At     time.Time
	Reason string
	Points float64
}

// Departure is the end of a link.
type Departure struct {
	At     time.Time
	Reason string
}

func (d *dispatcher) banMethods() []method {
	return []method{
		{
			name: "setban", handle: d.setBan,
			args: []argument{{name: "subnet"}, {name: "command"}, {name: "bantime", optional: true}, {name: "absolute", optional: true}},
			summary: "Bans (add) an IP address, a subnet such as 192.0.2.0/24, or a peer id, and ends its links; or lifts a ban (remove). " +
				"bantime is in seconds, or with absolute a Unix time; without it a ban lasts a day. Bans outlive a restart.",
		},
		{
			name: "listbanned", handle: d.listBanned,
			summary: "Returns who is banned. address may be a peer id; ban_reason is requested if the operator asked for the ban, else the rule that was broken.",
		},
		{
			name: "clearbanned", handle: d.clearBanned,
			summary: "Lifts all bans and forgets what was held against those who were banned.",
		},
		{
			name: "getpeerstanding", handle: d.getPeerStanding,
			args:    []argument{{name: "subject"}},
			summary: "Returns what is held against a peer id, an IP address or a subnet: points that fade, the last broken rules, the ban if there is one; whether it is connected, and how its last link ended.",
		},
	}
}

func (d *dispatcher) setBan(_ context.Context, a arguments) (any, error) {
	subject, err := a.text(0)
	if err != nil {
		return nil, err
	}
	command, err := a.text(1)
	if err != nil {
		return nil, err
	}
	switch command {
	case "add":
		return nil, d.ban(subject, a)
	case "remove":
		was, err := d.Bans.Unban(subject)
		if err != nil {
			return nil, badSubject(subject)
		}
		if !was {
			return nil, refuse(btcjson.ErrRPCClientInvalidIPOrSubnet, "Error: Unban failed. Requested address/subnet was not previously manually banned.")
		}
		return nil, nil //nolint:nilnil // null means done
	default:
		return nil, refuse(btcjson.ErrRPCMisc, "%s is not add or remove\n\n%s", clip(command), a.method.help())
	}
}

// badSubject is bitcoind's error, and what would do.
func badSubject(subject string) error {
	return refuse(btcjson.ErrRPCClientInvalidIPOrSubnet, "Error: Invalid IP/Subnet: %s is %v", clip(subject), ErrBadSubject)
}

func (d *dispatcher) ban(subject string, a arguments) error {
	until, err := banUntil(time.Now(), a)
	if err != nil {
		return err
	}
	switch err := d.Bans.Ban(subject, until); {
	case errors.Is(err, ErrBadSubject):
		return badSubject(subject)
	case errors.Is(err, ErrBanned):
		return refuse(btcjson.ErrRPCClientNodeAlreadyAdded, "Error: IP/Subnet already banned")
	default:
		return err
	}
}

// banUntil reads bantime and absolute; as with bitcoind, 0 stands for the default.
func banUntil(now time.Time, a arguments) (time.Time, error) {
	seconds := int64(0)
	if a.given(2) {
		var err error
		if seconds, err = a.integer(2); err != nil {
			return time.Time{}, err
		}
	}
	absolute, err := a.flag(3, false)
	if err != nil {
		return time.Time{}, err
	}
	last := now.Add(maxBan)
	switch {
	case absolute && seconds < now.Unix():
		return time.Time{}, refuse(btcjson.ErrRPCInvalidParameter, "Error: Absolute timestamp is in the past")
	case absolute && seconds >= last.Unix():
		return last, nil
	case absolute:
		return time.Unix(seconds, 0), nil
	case seconds < 0:
		return time.Time{}, refuse(btcjson.ErrRPCInvalidParameter, "Error: bantime is negative")
	case seconds == 0:
		return now.Add(defaultBan), nil
	case seconds >= int64(maxBan/time.Second):
		return last, nil
	default:
		return now.Add(time.Duration(seconds) * time.Second), nil
	}
}

// banResult is a row of listbanned.
type banResult struct {
	Address   string `json:"address"`
	Created   int64  `json:"ban_created"`
	Until     int64  `json:"banned_until"`
	Duration  int64  `json:"ban_duration"`
	Remaining int64  `json:"time_remaining"`
	Reason    string `json:"ban_reason"`
	Manual    bool   `json:"manual"`
}

func describeBan(b Ban, now time.Time) banResult {
	return banResult{
		Address: b.Subject, Created: unix(b.From), Until: unix(b.Until), Duration: unix(b.Until) - unix(b.From),
		Remaining: max(0, unix(b.Until)-now.Unix()), Reason: b.Reason, Manual: b.Manual,
	}
}

func (d *dispatcher) listBanned(context.Context, arguments) (any, error) {
	now := time.Now()
	all := []banResult{}
	for _, b := range d.Bans.Bans() {
		all = append(all, describeBan(b, now))
	}
	return all, nil
}

func (d *dispatcher) clearBanned(context.Context, arguments) (any, error) {
	for _, b := range d.Bans.Bans() {
		if _, err := d.Bans.Unban(b.Subject); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // null means done
}

// standingResult is what getpeerstanding answers.
type standingResult struct {
	Subject   string         `json:"subject"`
	Connected bool           `json:"connected"`
	Protected string         `json:"protected,omitempty"`
	Named     bool           `json:"named"`
	Points    float64        `json:"points"`
	Limit     float64        `json:"limit"`
	Charges   []chargeResult `json:"charges"`
	Ban       *banResult     `json:"ban"`
	Left      *leftResult    `json:"left"`
}

type chargeResult struct {
	Time   int64   `json:"time"`
	Reason string  `json:"reason"`
	Points float64 `json:"points"`
}

type leftResult struct {
	Time   int64  `json:"time"`
	Reason string `json:"reason"`
}

func (d *dispatcher) getPeerStanding(_ context.Context, a arguments) (any, error) {
	subject, err := a.text(0)
	if err != nil {
		return nil, err
	}
	s, err := d.Bans.Standing(subject)
	if err != nil {
		return nil, badSubject(subject)
	}
	r := standingResult{
		Subject: s.Subject, Connected: s.Connected, Protected: s.Protected, Named: s.Named,
		Points: s.Points, Limit: s.Limit, Charges: []chargeResult{},
	}
	for _, c := range s.Charges {
		r.Charges = append(r.Charges, chargeResult{unix(c.At), c.Reason, c.Points})
	}
	if s.Ban != nil {
		b := describeBan(*s.Ban, time.Now())
		r.Ban = &b
	}
	if s.Left != nil {
		r.Left = &leftResult{unix(s.Left.At), s.Left.Reason}
	}
	return r, nil
}
