package dashboard

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// keysOf returns the JSON keys of a value, and of all within it.
func keysOf(t reflect.Type) (keys []string) {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		return keysOf(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			keys = append(keys, name)
		}
		if f.Type != reflect.TypeFor[Stamp]() { // what all events have is said once
			keys = append(keys, keysOf(f.Type)...)
		}
	}
	return keys
}

// What the interface answers and tells stands in docs/events.md, key by key.
func TestKeysAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	answers, told, found := strings.Cut(page, "\n## Events\n")
	if !found {
		t.Fatal("docs/events.md lacks the heading of the events")
	}
	check := func(part, name string, data any) {
		row := regexp.MustCompile("(?m)^\\|[^|]*`" + name + "[`?].*$").FindString(part)
		for _, key := range keysOf(reflect.TypeOf(data)) {
			if !regexp.MustCompile(`\b` + key + `\b`).MatchString(row) {
				t.Errorf("docs/events.md does not say that %s has %s:\n%s", name, key, row)
			}
		}
	}
	for name, data := range map[string]any{
		"info": Info{}, "network": Network{}, "node": State{}, "peers": []Peer{}, "blocks": []Block{}, "mempool": Mempool{},
		"addresses": Addresses{}, "own": []Own{}, "logs": []Line{},
	} {
		check(answers, name, data)
	}
	for _, r := range routes(nil) {
		if !strings.Contains(answers, "| `"+r.Path) {
			t.Errorf("docs/events.md lacks the path %s", r.Path)
		}
	}
	for _, e := range everyEvent {
		kind, data := Teller{Traced: true}.message(Stamp{}, e)
		check(told, kind, data)
	}
	for _, kind := range Kinds() {
		if !strings.Contains(told, "`"+kind+"`") {
			t.Errorf("docs/events.md lacks the event %s", kind)
		}
	}
}
