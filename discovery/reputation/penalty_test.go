package reputation

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/pappus-network/pappus/events"
)

// reasons reads every reason code from the source of package events, so that a new
// one cannot be forgotten here.
func reasons(t *testing.T) map[string]events.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../events/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]events.Reason{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				code, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				all[spec.Names[0].Name] = events.Reason(code)
			}
		}
		return true
	})
	return all
}

// TestWhoIsBanned is decision 7 as a table: what is not in it is never banned for.
func TestWhoIsBanned(t *testing.T) {
	banned := map[string]bool{}
	for _, name := range []string{
		"BadProofOfWork", "UnsortedHeaders", "InvalidHeader", "ChangedHeaders", "TooManyHeaders", "TooMany",
		"WrongBlock", "MutatedBlock", "InvalidBlock", "Oversize", "WrongTx",
	} {
		banned[name] = true
	}
	all := reasons(t)
	if len(all) < 40 {
		t.Fatalf("only %d reasons were found", len(all))
	}
	for name, r := range all {
		if got := PenaltyOf(r) == Exclude; got != banned[name] {
			t.Errorf("%s: banned %v, want %v", name, got, banned[name])
		}
	}
	if PenaltyOf("no such code") != Forgive {
		t.Error("an unknown reason is not forgiven")
	}
}
