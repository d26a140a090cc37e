package study

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/attack"
)

// Settings are all that makes the numbers of a run, but for its seed.
type Settings struct {
	Sim    sim.Config
	Graph  Graph
	Attack attack.Plan
}

// defaultSettings is a thousand of the node's own on links as Bitcoin's nodes
// have them: each dials eight.
func defaultSettings() Settings {
	return Settings{
		Sim:    sim.DefaultConfig(),
		Graph:  Graph{Kind: Outbound, Nodes: 1000, Degree: 8},
		Attack: attack.Plan{Method: attack.FirstSpy, Messages: 1},
	}
}

// id names settings: equal ones, and no others, have equal names.
func (s Settings) id() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("settings are plain numbers and texts: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// misfit says which key makes settings that cannot work together.
type misfit struct {
	key  string
	text string
}

func (m *misfit) Error() string { return m.text }

// validate reports settings that are right each for itself but not together.
func (s Settings) validate() *misfit {
	if m := s.Graph.validate(); m != nil {
		return m
	}
	if err := s.Sim.Validate(); err != nil {
		return &misfit{"", err.Error()}
	}
	return s.validateAttack()
}
