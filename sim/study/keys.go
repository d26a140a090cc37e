package study

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim"
)

// Key is one setting of a scenario: its name, the values it may have, and how a
// value is put in.
type Key struct {
	Name    string
	Allowed string // in words
	set     func(s *Settings, v any) bool
}

// put sets a value; the error says what would have been allowed.
func (k *Key) put(s *Settings, v any) error {
	if !k.set(s, v) {
		return fmt.Errorf("%s = %s: allowed is %s", k.Name, show(v), k.Allowed)
	}
	return nil
}

// Bounds that no model needs to pass, so that a slip of the keyboard does not
// take all of a machine's memory: three times the nodes of the largest network in
// the issue, and a year.
const (
	maxNodes = 300_000
	maxCount = 10_000_000
	maxSpan  = 365 * 24 * time.Hour
)

// Keys returns all settings, as the documentation lists them.
func Keys() []Key {
	mechanisms := []sim.Mechanism{sim.Flood, sim.Diffusion, sim.Dandelion, sim.Gossip, sim.Trickle}
	return slices.Concat([]Key{
		choice("mechanism", mechanisms, func(s *Settings) *sim.Mechanism { return &s.Sim.Mechanism }),
		choice("fluff", slices.DeleteFunc(slices.Clone(mechanisms), func(m sim.Mechanism) bool { return m == sim.Dandelion }),
			func(s *Settings) *sim.Mechanism { return &s.Sim.Fluff }),
		flag("push", func(s *Settings) *bool { return &s.Sim.Push }),
		flag("exclusive", func(s *Settings) *bool { return &s.Sim.Exclusive }),
		flag("claims", func(s *Settings) *bool { return &s.Sim.Claims }),
	}, graphKeys(), estimatorKeys(), mechanismKeys(), linkKeys(), faultKeys(), adversaryKeys(), loadKeys())
}

func mechanismKeys() []Key {
	return []Key{
		named("dandelion.routing", dandelion.ParseRouting, "per-edge, one-to-one, per-tx or all-to-one",
			func(s *Settings) *dandelion.Routing { return &s.Sim.Dandelion.Routing }),
		named("dandelion.diffusing", dandelion.ParseDiffusing, "per-epoch or per-hop",
			func(s *Settings) *dandelion.Diffusing { return &s.Sim.Dandelion.Diffusing }),
		whole("dandelion.stems", 1, maxNodes, func(s *Settings) *int { return &s.Sim.Dandelion.Stems }),
		share("dandelion.fluff_chance", func(s *Settings) *float64 { return &s.Sim.Dandelion.FluffChance }),
		span("dandelion.epoch", 1, func(s *Settings) *time.Duration { return &s.Sim.Dandelion.Epoch }),
		span("dandelion.epoch_jitter", 0, func(s *Settings) *time.Duration { return &s.Sim.Dandelion.EpochJitter }),
		span("dandelion.embargo", 1, func(s *Settings) *time.Duration { return &s.Sim.Dandelion.Embargo }),

		span("flooding.delay", 0, func(s *Settings) *time.Duration { return &s.Sim.Flooding.Delay }),
		span("diffusion.outbound", 1, func(s *Settings) *time.Duration { return &s.Sim.Diffusion.Outbound }),
		span("diffusion.inbound", 1, func(s *Settings) *time.Duration { return &s.Sim.Diffusion.Inbound }),
		span("diffusion.remembered", 1, func(s *Settings) *time.Duration { return &s.Sim.Diffusion.Remembered }),

		whole("mesh.low", 1, maxNodes, func(s *Settings) *int { return &s.Sim.Mesh.Low }),
		whole("mesh.degree", 1, maxNodes, func(s *Settings) *int { return &s.Sim.Mesh.Degree }),
		whole("mesh.high", 1, maxNodes, func(s *Settings) *int { return &s.Sim.Mesh.High }),
		whole("mesh.lazy", 0, maxNodes, func(s *Settings) *int { return &s.Sim.Mesh.Lazy }),
		whole("mesh.history", 0, maxNodes, func(s *Settings) *int { return &s.Sim.Mesh.History }),
		span("mesh.heartbeat", 1, func(s *Settings) *time.Duration { return &s.Sim.Mesh.Heartbeat }),

		span("ask.timeout", 1, func(s *Settings) *time.Duration { return &s.Sim.Ask.Timeout }),
		span("ask.inbound_delay", 0, func(s *Settings) *time.Duration { return &s.Sim.Ask.InboundDelay }),
		whole("ask.in_flight", 1, maxCount, func(s *Settings) *int { return &s.Sim.Ask.InFlight }),
	}
}

func linkKeys() []Key {
	return []Key{
		span("links.median", 0, func(s *Settings) *time.Duration { return &s.Sim.Links.Median }),
		number("links.sigma", 0, 5, func(s *Settings) *float64 { return &s.Sim.Links.Sigma }),
		span("links.far", 0, func(s *Settings) *time.Duration { return &s.Sim.Links.Far }),
		span("links.jitter", 0, func(s *Settings) *time.Duration { return &s.Sim.Links.Jitter }),
		choice("links.timing", []sim.Timing{sim.Synchronous, sim.Partial, sim.Asynchronous}, func(s *Settings) *sim.Timing { return &s.Sim.Links.Timing }),
		span("links.stable", 0, func(s *Settings) *time.Duration { return &s.Sim.Links.Stable }),
		share("links.loss", func(s *Settings) *float64 { return &s.Sim.Links.Loss }),
		number("links.bandwidth", 0, 1e12, func(s *Settings) *float64 { return &s.Sim.Links.Bandwidth }),
		span("links.validation", 0, func(s *Settings) *time.Duration { return &s.Sim.Links.Validation }),
	}
}

func faultKeys() []Key {
	return []Key{
		share("faults.slow", func(s *Settings) *float64 { return &s.Sim.Faults.Slow }),
		span("faults.slow_by", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.SlowBy }),
		share("faults.crashed", func(s *Settings) *float64 { return &s.Sim.Faults.Crashed }),
		span("faults.crash_at", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.CrashAt }),
		span("faults.up", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.Up }),
		span("faults.down", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.Down }),
		span("faults.split_at", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.SplitAt }),
		span("faults.heal_at", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.HealAt }),
		span("faults.rotation.mean", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.Rotation.Mean }),
		span("faults.rotation.min_age", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.Rotation.MinAge }),
		span("faults.rotation.give", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.Rotation.Give }),
		span("faults.reconcile", 0, func(s *Settings) *time.Duration { return &s.Sim.Faults.Reconcile }),
		share("faults.black_holes", func(s *Settings) *float64 { return &s.Sim.Faults.BlackHoles }),
	}
}

func adversaryKeys() []Key {
	return []Key{
		choice("adversary.kind", []sim.Kind{sim.NoAdversary, sim.Spies, sim.Supernode}, func(s *Settings) *sim.Kind { return &s.Sim.Adversary.Kind }),
		share("adversary.p", func(s *Settings) *float64 { return &s.Sim.Adversary.Share }),
		whole("adversary.theta", 0, 10_000, func(s *Settings) *int { return &s.Sim.Adversary.Theta }),
		flag("adversary.dial_all", func(s *Settings) *bool { return &s.Sim.Adversary.DialAll }),
		flag("adversary.silent", func(s *Settings) *bool { return &s.Sim.Adversary.Silent }),
		flag("adversary.inbound", func(s *Settings) *bool { return &s.Sim.Adversary.Inbound }),
		whole("adversary.keep", 0, maxCount, func(s *Settings) *int { return &s.Sim.Adversary.Keep }),
	}
}

func loadKeys() []Key {
	return []Key{
		whole("load.rounds", 1, maxCount, func(s *Settings) *int { return &s.Sim.Load.Rounds }),
		choice("load.source", []sim.Source{sim.Each, sim.Random, sim.Same}, func(s *Settings) *sim.Source { return &s.Sim.Load.Source }),
		whole("load.count", 1, maxCount, func(s *Settings) *int { return &s.Sim.Load.Count }),
		span("load.interval", 0, func(s *Settings) *time.Duration { return &s.Sim.Load.Interval }),
		whole("load.bytes", 0, 4_000_000, func(s *Settings) *int { return &s.Sim.Load.Bytes }),
		span("load.settle", 0, func(s *Settings) *time.Duration { return &s.Sim.Load.Settle }),
		span("load.limit", 1, func(s *Settings) *time.Duration { return &s.Sim.Load.Limit }),
		flag("load.first_sighting", func(s *Settings) *bool { return &s.Sim.Load.FirstSighting }),
	}
}

func share(name string, at func(*Settings) *float64) Key { return number(name, 0, 1, at) }

func number(name string, low, high float64, at func(*Settings) *float64) Key {
	return Key{name, fmt.Sprintf("a number from %v to %v", low, high), func(s *Settings, v any) bool {
		x, ok := float(v)
		if !ok || x < low || x > high {
			return false
		}
		*at(s) = x
		return true
	}}
}

// float reads a number however it is written; one that is not finite is none.
func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return 0, false
}

func whole(name string, low, high int64, at func(*Settings) *int) Key {
	return Key{name, fmt.Sprintf("a whole number from %d to %d", low, high), func(s *Settings, v any) bool {
		n, ok := v.(int64)
		if !ok || n < low || n > high {
			return false
		}
		*at(s) = int(n)
		return true
	}}
}

func span(name string, low time.Duration, at func(*Settings) *time.Duration) Key {
	allowed := `a time as "150ms", "2s" or "10m"`
	if low > 0 {
		allowed += ", above 0"
	}
	return Key{name, allowed + ", a year at most", func(s *Settings, v any) bool {
		text, ok := v.(string)
		if !ok {
			return false
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < low || d > maxSpan {
			return false
		}
		*at(s) = d
		return true
	}}
}

func flag(name string, at func(*Settings) *bool) Key {
	return Key{name, "true or false", func(s *Settings, v any) bool {
		b, ok := v.(bool)
		if ok {
			*at(s) = b
		}
		return ok
	}}
}

func choice[T ~string](name string, values []T, at func(*Settings) *T) Key {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%q", string(v))
	}
	return Key{name, "one of " + strings.Join(words, ", "), func(s *Settings, v any) bool {
		text, ok := v.(string)
		i := slices.Index(values, T(text))
		if !ok || i < 0 {
			return false
		}
		*at(s) = values[i]
		return true
	}}
}

func named[T any](name string, read func(string) (T, error), allowed string, at func(*Settings) *T) Key {
	return Key{name, allowed, func(s *Settings, v any) bool {
		text, _ := v.(string)
		value, err := read(text)
		if err != nil {
			return false
		}
		*at(s) = value
		return true
	}}
}

func text(name, allowed string, at func(*Settings) *string) Key {
	return Key{name, allowed, func(s *Settings, v any) bool {
		t, ok := v.(string)
		if ok {
			*at(s) = t
		}
		return ok
	}}
}
