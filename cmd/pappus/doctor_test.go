package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// diagnose runs the doctor and returns what he has found, by name.
func diagnose(t *testing.T, r *running) (outcome, map[string]finding) {
	t.Helper()
	got := r.on(t, "doctor", "--json")
	var all []finding
	if err := json.Unmarshal([]byte(got.out), &all); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	found := make(map[string]finding)
	for _, f := range all {
		if f.Says == "" || (f.Grade == good) != (f.Do == "") {
			t.Errorf("finding %+v", f)
		}
		if was, ok := found[f.Name]; !ok || was.Grade == good {
			found[f.Name] = f
		}
	}
	return got, found
}

func TestDoctor(t *testing.T) {
	r := start(t)
	got, found := diagnose(t, r)
	if got.code != exitDone {
		t.Errorf("a healthy node: %+v", got)
	}
	for _, name := range []string{"settings", "files", "time", "folder", "secrets", "space", "node", "peers", "header", "blocks", "serving", "disk", "clock", "reachable"} {
		if found[name].Grade != good {
			t.Errorf("%s: %+v", name, found[name])
		}
	}
	if text := r.on(t, "doctor").out; strings.Contains(text, "\x1b") || !strings.Contains(text, "ok   node") {
		t.Errorf("for people, to no terminal: %q", text)
	}

	key := filepath.Join(r.dir, "regtest", "identity.key")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, found := diagnose(t, r); got.code != exitFailed || found["secrets"].Grade != bad || !strings.Contains(found["secrets"].Do, "chmod 600 "+key) {
		t.Errorf("a key that others read: %d, %+v", got.code, found["secrets"])
	}
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	r.stop()
	if got, found := diagnose(t, r); got.code != exitDone || found["node"].Grade != warning || !strings.Contains(found["node"].Says, "not running") {
		t.Errorf("a node that is stopped: %d, %+v", got.code, found["node"])
	}
}

func TestDoctorWithoutAFolder(t *testing.T) {
	got := call(t, nil, "doctor", "--datadir", t.TempDir(), "--prune", "5")
	if got.code != exitFailed || !strings.Contains(got.out, "fail settings  prune 5 MiB") || !strings.Contains(got.out, "warn folder") {
		t.Errorf("%+v", got)
	}
}
