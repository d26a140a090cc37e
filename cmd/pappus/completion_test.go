package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/pappus.1")

// write puts a shell's completion into a file.
func write(t *testing.T, shell string) string {
	t.Helper()
	got := call(t, nil, "completion", shell)
	if got.code != exitDone || got.err != "" {
		t.Fatalf("%+v", got)
	}
	path := filepath.Join(t.TempDir(), "completion")
	if err := os.WriteFile(path, []byte(got.out), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// in runs a script with a shell, or skips the test where there is none.
func in(t *testing.T, shell string, args ...string) string {
	t.Helper()
	bin, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("%s is not installed", shell)
	}
	out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestBashCompletes(t *testing.T) {
	file := write(t, "bash")
	for _, c := range []struct{ line, want string }{
		{"no", "node"},
		{"chain i", "info import"},
		{"chain import --data", "--datadir"},
		{"--json peers l", "list limits"},
		{"node --network si", "signet simnet"},
		{"node --bro", "--broadcast"},
		{"rpc getblockco", "getblockcount"},
		{"--network regtest rpc getblockst", "getblockstats"},
		{"completion ", "bash zsh fish"},
		{"log level w", "warn"},
		{"nosuch x", ""},
	} {
		script := `source ` + file + `; COMP_WORDS=(pappus ` + c.line + `); [[ "` + c.line + `" == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _pappus; echo "${COMPREPLY[*]}"`
		if got := strings.TrimSpace(in(t, "bash", "--norc", "-c", script)); got != c.want {
			t.Errorf("%q completes to %q, want %q", c.line, got, c.want)
		}
	}
}

func TestZshTakesTheCompletion(t *testing.T) {
	file := write(t, "zsh")
	in(t, "zsh", "-n", file)
	got := in(t, "zsh", "-f", "-c", `autoload -U compinit; compinit -D; source `+file+`; print ${_comps[pappus]}`)
	if strings.TrimSpace(got) != "_pappus" {
		t.Errorf("zsh completes with %q", got)
	}
}

func TestFishCompletes(t *testing.T) {
	file := write(t, "fish")
	for _, c := range []struct{ line, want string }{
		{"pappus chain i", "import info"},
		{"pappus rpc getblockco", "getblockcount"},
		{"pappus node --network si", "signet simnet"},
		{"pappus peers --js", "--json"},
	} {
		var words []string
		for line := range strings.Lines(in(t, "fish", "--no-config", "-c", "source "+file+"; complete -C '"+c.line+"'")) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			words = append(words, word)
		}
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%q completes to %q, want %q", c.line, got, c.want)
		}
	}
}

const manualPage = "../../docs/pappus.1"

// The page that packages install is the program's. Run with -update to write it.
func TestManualIsCurrent(t *testing.T) {
	got := call(t, nil, "man")
	if got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	if *update {
		if err := os.WriteFile(manualPage, []byte(got.out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(manualPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, []byte(got.out)) {
		t.Error("docs/pappus.1 is not current: run make docs")
	}
}

// No line of the page is a request by accident, and man has nothing to complain about.
func TestManualIsWellFormed(t *testing.T) {
	page := call(t, nil, "man").out
	for line := range strings.Lines(page) {
		if word, _, _ := strings.Cut(line, " "); strings.HasPrefix(word, ".") && !strings.Contains(` .\" .TH .SH .SS .TP .B .I .BR .RB .RI .PP .nf .fi `, " "+strings.TrimSpace(word)+" ") {
			t.Errorf("request %q", line)
		}
	}
	if n := strings.Count(page, "\n.SS "); n < 40 {
		t.Errorf("%d commands", n)
	}
	if bin, err := exec.LookPath("groff"); err == nil {
		cmd := exec.CommandContext(t.Context(), bin, "-man", "-Tutf8", "-ww", "-z")
		cmd.Stdin = strings.NewReader(page)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("groff: %v: %s", err, out)
		}
	}
}
