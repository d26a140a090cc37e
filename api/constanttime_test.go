package api

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// Credentials are compared so that the time tells nothing of how far a guess was right. A
// test cannot time that: the differences are nanoseconds beneath a network's noise. What
// it can do is hold the source to the rules that make it so; that subtle keeps its word on
// this processor is the standard library's to test.
//
// The rules, for each function that sees a password: secrets meet in
// subtle.ConstantTimeCompare alone, as often as is said here, never in an operator or in
// another function that compares; and no loop ends early.
func TestCredentialsAreComparedInConstantTime(t *testing.T) {
	for _, c := range []struct {
		file, function string
		compares       int
	}{
		{"auth.go", "allows", 1},    // with each digest
		{"salted.go", "matches", 2}, // name and password
		{"salted.go", "saltedHash", 0},
	} {
		source, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range timingFaults(t, string(source), c.function, c.compares) {
			t.Errorf("%s: %s: %s", c.file, c.function, fault)
		}
	}
}

// What is compared has one length: ConstantTimeCompare says at once that lengths differ.
func TestComparedCredentialsHaveOneLength(t *testing.T) {
	a := newAuth("user", "password", SaltedUser("other", "secret"))
	for _, password := range []string{"", "p", "password", strings.Repeat("p", 1000)} {
		for _, s := range a.salted {
			if got, want := len(saltedHash(s.salt, password)), len(s.hash); got != want {
				t.Errorf("%d bytes are compared with %d", got, want)
			}
		}
	}
	for _, short := range []string{"u:s$00", "u:s$" + strings.Repeat("00", 31), "u:s$" + strings.Repeat("00", 33)} {
		if _, err := parseSalted(short); err == nil {
			t.Errorf("%s: a hash of another length is taken", short)
		}
	}
}

// The check finds what somebody might write instead.
func TestTimingFaultsAreFound(t *testing.T) {
	const good = `for _, w := range a.digests { m |= subtle.ConstantTimeCompare(g[:], w[:]) }; return m == 1`
	if got := timingFaults(t, body(good), "f", 1); len(got) > 0 {
		t.Errorf("what is right has faults: %v", got)
	}
	for name, bad := range map[string]string{
		"operator on arrays": `for _, w := range a.digests { if g == w { m = 1 } }; return m == 1`,
		"operator on text":   `return password == a.password`,
		"bytes.Equal":        `for _, w := range a.digests { if bytes.Equal(g[:], w[:]) { m = 1 } }; return m == 1`,
		"hmac is missed":     `return slices.Equal(g[:], w[:])`,
		"switch on text":     `switch password { case a.password: return true }; return false`,
		"map of passwords":   `return a.known[password]`,
		"ends at the first":  `for _, w := range a.digests { if subtle.ConstantTimeCompare(g[:], w[:]) == 1 { return true } }; return false`,
		"breaks off":         `for _, w := range a.digests { m = subtle.ConstantTimeCompare(g[:], w[:]); if m == 1 { break } }; return m == 1`,
		"whatever was sent":  `return subtle.ConstantTimeCompare([]byte(password), a.password) == 1`,
		"not at all":         `return true`,
	} {
		if len(timingFaults(t, body(bad), "f", 1)) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

func body(text string) string { return "package p\nfunc f() {\n" + text + "\n}\n" }

// timingFaults are what a function does that its rules forbid.
func timingFaults(t *testing.T, source, function string, compares int) (faults []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Name.Name == function
	})
	if i < 0 {
		return []string{"it is gone: say here what compares credentials now"}
	}
	seen := 0
	ast.Inspect(file.Decls[i], func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				if lit, ok := n.Y.(*ast.BasicLit); !ok || lit.Kind != token.INT {
					faults = append(faults, "an operator compares what is not a number")
				}
			}
		case *ast.SwitchStmt, *ast.IndexExpr:
			faults = append(faults, fmt.Sprintf("%T compares", n))
		case *ast.ForStmt, *ast.RangeStmt:
			if leaves(n) {
				faults = append(faults, "a loop ends early")
			}
		case *ast.CallExpr:
			switch name := called(n); {
			case name == "subtle.ConstantTimeCompare":
				seen++
				faults = append(faults, conversions(n)...)
			case strings.HasPrefix(name, "bytes."), strings.HasPrefix(name, "slices."), strings.HasPrefix(name, "reflect."), strings.HasPrefix(name, "cmp."),
				strings.HasPrefix(name, "strings.") && name != "strings.CutPrefix": // of the scheme's name, which is no secret
				faults = append(faults, name+" compares")
			}
		}
		return true
	})
	if seen != compares {
		faults = append(faults, fmt.Sprintf("subtle.ConstantTimeCompare stands %d times, not %d", seen, compares))
	}
	return faults
}

// conversions are arguments that are made of what was sent, and so as long as that.
func conversions(call *ast.CallExpr) (faults []string) {
	for _, arg := range call.Args {
		if c, ok := arg.(*ast.CallExpr); ok {
			if _, ok := c.Fun.(*ast.ArrayType); ok {
				faults = append(faults, "what is compared has any length")
			}
		}
	}
	return faults
}

// called is the name of the function of a package that is called, "" for others.
func called(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		if of, ok := f.X.(*ast.Ident); ok {
			return of.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// leaves says whether a loop may end before its last round.
func leaves(loop ast.Node) (early bool) {
	ast.Inspect(loop, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
			early = true
		}
		return true
	})
	return early
}
