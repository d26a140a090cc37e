package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pappus-network/pappus/node"
)

// outcome is what a call of the program left behind.
type outcome struct {
	code     int
	out, err string
}

// call runs the program in this process, with its data in a folder of the test's
// unless the arguments name one.
func call(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, env, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// parse reads a command line without running the command.
func parse(t *testing.T, env []string, args ...string) (program, error) {
	t.Helper()
	var p program
	parser, err := newParser(&p, env, terminal{out: &bytes.Buffer{}, err: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return p, err
}

// configure writes a pappus.toml and returns its folder.
func configure(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// leaves calls visit with each command that can be run, and its words.
func leaves(t *testing.T, visit func(words []string, n *kong.Node)) {
	t.Helper()
	var p program
	parser, err := newParser(&p, nil, terminal{out: &bytes.Buffer{}, err: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range parser.Model.Leaves(false) {
		visit(strings.Fields(n.FullPath())[1:], n)
	}
}

func TestHelpEndsWithTwoExamplesThatParse(t *testing.T) {
	seen := 0
	leaves(t, func(words []string, n *kong.Node) {
		seen++
		name := strings.Join(words, " ")
		written := name
		if n.Parent.DefaultCmd == n { // its own word may be left out
			written = strings.Join(words[:len(words)-1], " ")
		}
		got := call(t, nil, append(words, "--help")...)
		if got.code != exitDone || got.err != "" {
			t.Errorf("%s --help: exit code %d, %s", name, got.code, got.err)
		}
		_, tail, found := strings.Cut(got.out, "\nExamples:\n")
		lines := strings.Split(strings.TrimSuffix(tail, "\n"), "\n")
		if !found || len(lines) != 2 {
			t.Errorf("%s --help ends with %q, not with two examples", name, tail)
		}
		for _, line := range lines {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " | ")
			line, _, _ = strings.Cut(line, " && ")
			line, _, _ = strings.Cut(line, " $(")
			line, _, _ = strings.Cut(line, " > ")
			args := strings.Fields(line)
			if !strings.HasPrefix(line, "pappus "+written) {
				t.Errorf("example of %s is about something else: %s", name, line)
				continue
			}
			// What a cut-off substitution would have given.
			if name == "peers add" && args[len(args)-1] == "./b" {
				args = append(args, "/ip4/127.0.0.1")
			}
			if _, err := parse(t, nil, args[1:]...); err != nil {
				t.Errorf("example of %s: %s: %v", name, line, err)
			}
		}
	})
	if seen != 53 {
		t.Errorf("looked at %d commands: has one been added or lost?", seen)
	}
}

func TestFlagsReachTheConfiguration(t *testing.T) {
	p, err := parse(t, nil, "node", "--network", "simnet", "--datadir", "/d", "--listen", "/ip4/127.0.0.1/tcp/1",
		"--listen", "/ip4/127.0.0.1/tcp/2", "--connect", "c", "--addnode", "a", "--mine", "--mine-to", "m", "--mine-every", "1m30s",
		"--asmap", "t", "--outbound", "3", "--max-peers", "7", "--max-memory", "200", "--swarm-key", "k", "--allow-peer", "p", "--allow-peers", "f", "--external", "e", "--upnp", "--relay", "r", "--rotate", "2h", "--broadcast", "flood", "--fluff", "diffusion", "--max-mempool", "50", "--route", "per-tx", "--diffusing", "per-hop", "--embargo", "3s", "--trace-stems", "--api", "off", "--rpcuser", "u", "--rpcpassword", "p", "--rpcauth", "r:s$00,11", "--rpcauth", "t", "--assume-valid", "v", "--min-chain-work", "ff",
		"--prune", "2000", "--txindex", "--cfindex", "--dbcache", "9", "--log-level", "debug", "--json")
	if err != nil {
		t.Fatal(err)
	}
	got := p.Node.config(p.globals)
	want := node.Config{
		Network: "simnet", DataDir: "/d", Listen: []string{"/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2"},
		Connect: []string{"c"}, AddNode: []string{"a"}, Mine: true, MineTo: "m", MineEvery: 90 * time.Second, ASMap: "t", Outbound: 3, MaxPeers: 7, MaxMemoryMiB: 200,
		SwarmKey: "k", AllowPeer: []string{"p"}, AllowFile: "f", External: []string{"e"}, UPnP: true, Relays: []string{"r"},
		Rotate: 2 * time.Hour, Broadcast: "flood", Fluff: "diffusion", MempoolMiB: 50,
		Route: "per-tx", Diffusing: "per-hop", Embargo: 3 * time.Second,
		API: "off", RPCUser: "u", RPCPassword: "p", RPCAuth: []string{"r:s$00,11", "t"}, AssumeValid: "v", MinChainWork: "ff", PruneMiB: 2000, TxIndex: true, CFIndex: true,
		TraceStems: true, CacheBytes: 9 << 20,
	}
	if g, w := asJSON(t, got), asJSON(t, want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
	if !p.JSON || p.Node.LogLevel.String() != "DEBUG" {
		t.Errorf("json %v, log level %v", p.JSON, p.Node.LogLevel)
	}
}

func TestDefaultsAreTheNodes(t *testing.T) {
	p, err := parse(t, nil, "node", "--datadir", node.DefaultConfig().DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if g, w := asJSON(t, p.Node.config(p.globals)), asJSON(t, node.DefaultConfig()); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWrongUsage(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"no command", nil, []string{"expected one of", "pappus --help"}},
		{"unknown command", []string{"nod"}, []string{"unexpected argument nod", `"node"`}},
		{"half a command", []string{"chain"}, []string{`"import"`, "pappus chain --help"}},
		{"unknown flag", []string{"node", "--conect", "x"}, []string{"--conect", `"--connect"`, "pappus node --help"}},
		{"unknown global flag", []string{"--netwrk", "x"}, []string{"--netwrk", `"--network"`}},
		{"flag of another command", []string{"status", "--mine"}, []string{"--mine"}},
		{"no number", []string{"node", "--max-peers", "many"}, []string{"--max-peers", "many"}},
		{"no duration", []string{"node", "--mine-every", "soon"}, []string{"--mine-every", "soon"}},
		{"no log level", []string{"node", "--log-level", "loud"}, []string{"--log-level", "loud"}},
		{"flag without its value", []string{"node", "--listen"}, []string{"--listen"}},
		{"argument missing", []string{"chain", "import"}, []string{"<file>"}},
		{"argument too many", []string{"man", "x"}, []string{"unexpected argument x"}},
		{"unknown network", []string{"node", "--network", "moon"}, []string{"moon", "regtest"}},
		{"unknown network, offline", []string{"chain", "info", "--network", "moon"}, []string{"moon", "regtest"}},
		{"unknown network, online", []string{"status", "--network", "moon"}, []string{"moon", "regtest"}},
		{"listen is no multiaddr", []string{"node", "--listen", "localhost:8477"}, []string{"localhost:8477", "/ip4/"}},
		{"connect without id", []string{"node", "--connect", "/ip4/127.0.0.1/tcp/1"}, []string{"connect", "/p2p/"}},
		{"stems told on mainnet", []string{"node", "--trace-stems"}, []string{"trace-stems", "regtest", "mainnet"}},
		{"mining on mainnet", []string{"node", "--mine"}, []string{"regtest", "mainnet"}},
		{"assume-valid without height", []string{"node", "--assume-valid", "00"}, []string{"HASH:HEIGHT"}},
		{"work that is no number", []string{"node", "--min-chain-work", "much"}, []string{"hexadecimal"}},
		{"too little to keep", []string{"node", "--prune", "5"}, []string{"1536"}},
		{"prune with txindex", []string{"node", "--prune", "2000", "--txindex"}, []string{"txindex"}},
		{"api without port", []string{"node", "--api", "localhost"}, []string{"127.0.0.1:8480"}},
		{"level of verify", []string{"chain", "verify", "--level", "all"}, []string{"undo"}},
		{"negative depth", []string{"chain", "verify", "--depth=-1"}, []string{"depth"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if len(args) > 0 {
				args = append(args, "--datadir", dir)
			}
			got := call(t, nil, args...)
			if got.code != exitUsage || got.out != "" {
				t.Errorf("exit code %d, wrote %q", got.code, got.out)
			}
			if !strings.HasPrefix(got.err, "pappus: ") || strings.Count(got.err, "\n") != 1 {
				t.Errorf("not one clear line: %q", got.err)
			}
			for _, want := range c.says {
				if !strings.Contains(got.err, want) {
					t.Errorf("%q is missing in: %s", want, got.err)
				}
			}
		})
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("wrong usage left %v behind (%v)", entries, err)
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no node to ask", []string{"status"}, "not running"},
		{"no node to call", []string{"rpc", "getblockcount"}, "not running"},
		{"no node with peers", []string{"peers", "list"}, "not running"},
		{"no chain to show", []string{"chain", "info"}, "there is no mainnet chain"},
		{"no chain to export", []string{"chain", "export", "x"}, "there is no mainnet chain"},
		{"no chain to verify", []string{"chain", "verify"}, "there is no mainnet chain"},
		{"no file to import", []string{"chain", "import", "/nowhere/x"}, "/nowhere/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			got := call(t, nil, append(c.args, "--datadir", dir)...)
			if got.code != exitFailed || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.says) {
				t.Errorf("exit code %d, wrote %q, said %q", got.code, got.out, got.err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("left %v behind (%v)", entries, err)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	got := call(t, nil, "version")
	if got.code != exitDone || !strings.HasPrefix(got.out, "pappus ") || !strings.Contains(got.out, node.Agent) {
		t.Errorf("%+v", got)
	}
	var v struct{ Version, Agent, Go, Platform string }
	if err := json.Unmarshal([]byte(call(t, nil, "version", "--json").out), &v); err != nil || v.Agent != node.Agent || v.Version == "" {
		t.Errorf("%+v: %v", v, err)
	}
}
