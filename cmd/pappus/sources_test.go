package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFlagsOverEnvironmentOverFileOverDefaults(t *testing.T) {
	const text = `
network = "testnet4"
max-peers = 11
listen = ["/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2"]
mine-every = "3s"
txindex = true
json = true
`
	for _, c := range []struct {
		name    string
		file    string
		env     []string
		args    []string
		network string
		peers   int
		listen  string
		txindex bool
	}{
		{"defaults", "", nil, nil, "mainnet", 125, "", false},
		{"file", text, nil, nil, "testnet4", 11, "/ip4/127.0.0.1/tcp/1 /ip4/127.0.0.1/tcp/2", true},
		{
			"environment over file", text,
			[]string{"PAPPUS_NETWORK=signet", "PAPPUS_MAX_PEERS=22", "PAPPUS_LISTEN=/ip4/127.0.0.1/tcp/3,/ip4/127.0.0.1/tcp/4", "PAPPUS_TXINDEX=false"},
			nil,
			"signet", 22, "/ip4/127.0.0.1/tcp/3 /ip4/127.0.0.1/tcp/4", false,
		},
		{
			"flags over environment", text,
			[]string{"PAPPUS_NETWORK=signet", "PAPPUS_MAX_PEERS=22", "PAPPUS_LISTEN=/ip4/127.0.0.1/tcp/3", "PAPPUS_TXINDEX=false"},
			[]string{"--network", "regtest", "--max-peers", "33", "--listen", "/ip4/127.0.0.1/tcp/5", "--txindex"},
			"regtest", 33, "/ip4/127.0.0.1/tcp/5", true,
		},
		{"flag at its default over environment", "", []string{"PAPPUS_MAX_PEERS=22"}, []string{"--max-peers", "125"}, "mainnet", 125, "", false},
		{"empty variable is absent", text, []string{"PAPPUS_NETWORK=", "PAPPUS_MAX_PEERS="}, nil, "testnet4", 11, "/ip4/127.0.0.1/tcp/1 /ip4/127.0.0.1/tcp/2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.file != "" {
				dir = configure(t, c.file)
			}
			p, err := parse(t, c.env, append([]string{"node", "--datadir", dir}, c.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			cfg := p.Node.config(p.globals)
			if cfg.Network != c.network || cfg.MaxPeers != c.peers || strings.Join(cfg.Listen, " ") != c.listen || cfg.TxIndex != c.txindex {
				t.Errorf("%+v", cfg)
			}
			if c.file != "" && (cfg.MineEvery != 3*time.Second || !p.JSON) {
				t.Errorf("mine-every %v, json %v", cfg.MineEvery, p.JSON)
			}
		})
	}
}

func TestDataDirFromTheEnvironmentHasTheFile(t *testing.T) {
	named, other := configure(t, `network = "regtest"`), configure(t, `network = "simnet"`)
	env := []string{"PAPPUS_DATADIR=" + named}
	p, err := parse(t, env, "status")
	if err != nil || p.DataDir != named || p.Network != "regtest" {
		t.Errorf("data in %s, network %s: %v", p.DataDir, p.Network, err)
	}
	p, err = parse(t, env, "--datadir", other, "status")
	if err != nil || p.DataDir != other || p.Network != "simnet" {
		t.Errorf("data in %s, network %s: %v", p.DataDir, p.Network, err)
	}
}

func TestSettingsOfANodeDoNotDisturbOtherCommands(t *testing.T) {
	dir := configure(t, "listen = [\"/ip4/127.0.0.1/tcp/1\"]\nprune = 2000\nlog-level = \"warn\"")
	p, err := parse(t, []string{"PAPPUS_API=off"}, "chain", "import", "--datadir", dir, "x")
	if err != nil || p.Chain.Import.Prune != 2000 {
		t.Errorf("prune %d: %v", p.Chain.Import.Prune, err)
	}
}

func TestFlagsThatAreNoSettingsComeFromTheCommandLineOnly(t *testing.T) {
	p, err := parse(t, []string{"PAPPUS_DEPTH=5", "PAPPUS_HELP=true"}, "chain", "verify", "--datadir", t.TempDir())
	if err != nil || p.Chain.Verify.Depth != 0 {
		t.Errorf("depth %d: %v", p.Chain.Verify.Depth, err)
	}
}

func TestBadSettingsNameTheirSource(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		env  []string
		says []string
	}{
		{"unknown key", "conect = [\"x\"]", nil, []string{configFile + ":1: unknown key conect, did you mean connect?"}},
		{"unknown key that is like none", "# mine\nmine = true\ncolour = 1\n", nil, []string{configFile + ":3: unknown key colour"}},
		{"unknown key with a long value", "listen = [\n]\ncolour = [\n1,\n]", nil, []string{configFile + ":5: unknown key colour"}},
		{"table", "\n[node]\nmine = true", nil, []string{configFile + ":2: unknown key node"}},
		{"flag that is no setting", "depth = 3", nil, []string{configFile, "unknown key depth"}},
		{"datadir in the file", "datadir = \"/x\"", nil, []string{configFile + ":1: datadir"}},
		{"help in the file", "help = true", nil, []string{configFile, "unknown key help"}},
		{"no TOML", "network = ", nil, []string{configFile, "line 1"}},
		{"wrong type", "max-peers = \"many\"", nil, []string{configFile, "max-peers", "many"}},
		{"wrong duration", "mine-every = 5", nil, []string{configFile, "mine-every"}},
		{"number for a switch", "mine = 3", nil, []string{configFile, "mine"}},
		{"variable of the wrong type", "", []string{"PAPPUS_MAX_PEERS=many"}, []string{"PAPPUS_MAX_PEERS=many"}},
		{"variable that is no switch", "", []string{"PAPPUS_MINE=perhaps"}, []string{"PAPPUS_MINE=perhaps"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(t, c.env, "node", "--datadir", configure(t, c.file))
			if got.code != exitUsage || strings.Count(got.err, "\n") != 1 || strings.HasPrefix(got.err, "pappus: --") {
				t.Errorf("exit code %d: %q", got.code, got.err)
			}
			for _, want := range c.says {
				if !strings.Contains(got.err, want) {
					t.Errorf("%q is missing in: %s", want, got.err)
				}
			}
		})
	}
}

func TestSuggestions(t *testing.T) {
	known := []string{"connect", "listen", "mine"}
	for word, want := range map[string]string{
		"conect":  ", did you mean connect?",
		"listens": ", did you mean listen?",
		"mien":    ", did you mean mine?",
		"colour":  "",
		"":        "",
	} {
		if got := suggest(word, known); got != want {
			t.Errorf("%s: %q", word, got)
		}
	}
}

// The settings are looked for first, and "open …/pappus.toml: not a directory" told nobody
// what was wrong.
func TestDataDirThatIsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := call(t, nil, "node", "--network", "regtest", "--datadir", file, "--api", "off")
	if got.code != exitFailed || !strings.Contains(got.err, "is a file; choose another data directory") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("%+v", got)
	}
}
