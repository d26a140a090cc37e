package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The list names what is linked in, with versions; the same program gives the same list.
func TestSBOMNamesWhatIsLinkedIn(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"SOURCE_DATE_EPOCH=1700000000"}
	got := call(t, env, "version", "--sbom", self)
	if again := call(t, env, "version", "--sbom", self); got != again || got.code != exitDone {
		t.Fatalf("%+v, then %+v", got, again)
	}
	var doc spdxDocument
	if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != "SPDX-2.3" || doc.Creation.Created != "2023-11-14T22:13:20Z" || len(doc.Relationships) != len(doc.Packages) {
		t.Errorf("%+v", doc.Creation)
	}
	ids, found := make(map[string]bool), make(map[string]bool)
	for _, p := range doc.Packages {
		if ids[p.ID] || p.Name == "" || len(p.Refs) != 1 {
			t.Errorf("package %+v", p)
		}
		ids[p.ID], found[p.Name] = true, true
	}
	for _, r := range doc.Relationships {
		if !ids[r.To] || (r.From != doc.ID && !ids[r.From]) {
			t.Errorf("relationship %+v", r)
		}
	}
	for _, name := range []string{"pappus", "go", "github.com/libp2p/go-libp2p", "github.com/btcsuite/btcd", "github.com/ipfs/go-datastore"} {
		if !found[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if sums := doc.Packages[0].Checksums; len(sums) != 1 || !strings.HasSuffix(doc.Namespace, sums[0].Value) {
		t.Errorf("checksums %+v, namespace %s", sums, doc.Namespace)
	}
}

func TestSBOMOfWhatIsNoProgram(t *testing.T) {
	for _, args := range [][]string{{"version", "--sbom", "/nowhere"}, {"version", "--sbom", "cli.go"}} {
		if got := call(t, nil, args...); got.code != exitFailed || got.out != "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := call(t, nil, "version", "x"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
	if got := call(t, []string{"SOURCE_DATE_EPOCH=soon"}, "version", "--sbom"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
}
