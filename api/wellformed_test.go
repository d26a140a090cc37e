package api

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestWellFormed(t *testing.T) {
	deepest := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	for _, c := range []struct {
		name, body string
		want       error // nil = fine; errAny = any
	}{
		{"object", `{"a":1,"b":[{"a":"a"},{"a":2}]}`, nil},
		{"value equal to a key", `{"a":"a","b":"a"}`, nil},
		{"same key in two objects", `[{"a":1},{"a":1}]`, nil},
		{"bare value", `"x"`, nil},
		{"as deep as may be", deepest, nil},
		{"too deep", "[" + deepest + "]", errTooDeep},
		{"key twice", `{"a":1,"a":2}`, errTwice},
		{"key twice, once escaped", `{"a":1,"\u0061":2}`, errTwice},
		{"key twice, far inside", `{"x":[1,{"a":[],"b":{},"a":2}]}`, errTwice},
		{"long number", "1" + strings.Repeat("0", maxNumber), errNumber},
		{"second value", `{} {}`, errTrailing},
		{"trailing letter", `{}x`, errTrailing},
		{"nothing", "", errEmptyBody},
		{"space", " \n", errEmptyBody},
		{"cut off", `{"a":`, errAny},
		{"wrong bracket", `[}`, errAny},
		{"no comma", `[1 2]`, errAny},
		{"no JSON", `hello`, errAny},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := wellFormed([]byte(c.body))
			if c.want == errAny && err == nil || c.want != errAny && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

var errAny = errors.New("any error")

// What passes is JSON that encoding/json reads too, and a call of it never panics.
func FuzzWellFormed(f *testing.F) {
	for _, s := range []string{`{"a":[1,"b",null,true,{"c":-1.5e3}]}`, `[[[]]]`, `{"a":1,"a":2}`, `1 2`, `{"id":1,"method":"help","params":["stop"],"jsonrpc":"2.0"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if wellFormed(body) != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q passes and is not JSON", body)
		}
		q, err := parseRequest(body)
		if err == nil && !json.Valid(q.id) {
			t.Fatalf("id %q", q.id)
		}
		m := &method{name: "m", args: []argument{{name: "a"}, {name: "b", optional: true}}}
		if a, err := m.bind(q.params); err == nil && !a.given(0) {
			t.Fatalf("needed argument is missing in %q", body)
		}
	})
}
