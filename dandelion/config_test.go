package dandelion

import (
	"math"
	"testing"
)

func TestConfigIsValidated(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"routing":   func(c *Config) { c.Routing = 4 },
		"diffusing": func(c *Config) { c.Diffusing = -1 },
		"stems":     func(c *Config) { c.Stems = 0 },
		"chance":    func(c *Config) { c.FluffChance = math.NaN() },
		"epoch":     func(c *Config) { c.Epoch = 0 },
		"jitter":    func(c *Config) { c.EpochJitter = -1 },
		"embargo":   func(c *Config) { c.Embargo = 0 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if cfg.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNamesAreReadBack(t *testing.T) {
	for r := PerEdge; r <= AllToOne; r++ {
		if got, err := ParseRouting(r.String()); err != nil || got != r {
			t.Errorf("%v is read as %v, %v", r, got, err)
		}
	}
	for d := PerEpoch; d <= PerHop; d++ {
		if got, err := ParseDiffusing(d.String()); err != nil || got != d {
			t.Errorf("%v is read as %v, %v", d, got, err)
		}
	}
	if _, err := ParseRouting("per-Edge"); err == nil {
		t.Error("a routing that is not known is read")
	}
	if _, err := ParseDiffusing(""); err == nil {
		t.Error("a way that is not known is read")
	}
}
