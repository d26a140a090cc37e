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
		want       error // nil = fine
		any        bool  // any error
	}{
		{"object", `{"a":1,"b":[{"a":"a"},{"a":2}]}`, nil, false},
		{"value equal to a key", `{"a":"a","b":"a"}`, nil, false},
		{"same key in two objects", `[{"a":1},{"a":1}]`, nil, false},
		{"bare value", `"x"`, nil, false},
		{"as deep as may be", deepest, nil, false},
		{"too deep", "[" + deepest + "]", errTooDeep, false},
		{"key twice", `{"a":1,"a":2}`, errTwice, false},
		{"key twice, once escaped", `{"a":1,"\u0061":2}`, errTwice, false},
		{"key twice, far inside", `{"x":[1,{"a":[],"b":{},"a":2}]}`, errTwice, false},
		{"long number", "1" + strings.Repeat("0", maxNumber), errNumber, false},
		{"second value", `{} {}`, errTrailing, false},
		{"trailing letter", `{}x`, errTrailing, false},
		{"nothing", "", errEmptyBody, false},
		{"space", " \n", errEmptyBody, false},
		{"cut off", `{"a":`, nil, true},
		{"wrong bracket", `[}`, nil, true},
		{"no comma", `[1 2]`, nil, true},
		{"no JSON", `hello`, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := wellFormed([]byte(c.body))
			if c.any != (err != nil && c.want == nil) || !c.any && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

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
