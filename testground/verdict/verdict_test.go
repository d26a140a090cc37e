package verdict_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pappus-network/pappus/testground/verdict"
)

// Lines as sdk-go v0.3.1-0.20220525111316-b6b10897b578 wrote them.
const (
	start   = `{"ts":1790000000000000001,"msg":"","group_id":"all","run_id":"r","event":{"start_event":{"runenv":{"case":"sync"}}}}`
	message = `{"ts":1790000000000000002,"msg":"","group_id":"all","run_id":"r","event":{"message_event":{"message":"at height 5"}}}`
	success = `{"ts":1790000000000000003,"msg":"","group_id":"all","run_id":"r","event":{"success_event":{"group":"all"}}}`
	failed  = `{"ts":1790000000000000004,"msg":"","group_id":"all","run_id":"r","event":{"failure_event":{"group":"all","error":"no peers"}}}`
	crashed = `{"ts":1790000000000000005,"msg":"","group_id":"all","run_id":"r","event":{"crash_event":{"group":"all","error":"nil map","stacktrace":"goroutine 1"}}}`
	plain   = `Starting wait`
	other   = `{"ts":1,"msg":"ignoring network change request"}`
)

func TestOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		ended bool
		want  verdict.Outcome
		why   string // part of what is said
	}{
		"success and end":                {[]string{start, plain, message, other, success}, true, verdict.OK, ""},
		"success, but still running":     {[]string{start, success}, false, verdict.Incomplete, "has not ended"},
		"end without a word":             {nil, true, verdict.Incomplete, "it said nothing"},
		"end after a message":            {[]string{start, message}, true, verdict.Incomplete, "at height 5"},
		"running after a message":        {[]string{start, message}, false, verdict.Incomplete, "has not finished"},
		"failure":                        {[]string{start, failed}, true, verdict.Failed, "no peers"},
		"failure before the end":         {[]string{start, failed}, false, verdict.Failed, "no peers"},
		"success does not undo failure":  {[]string{failed, success}, true, verdict.Failed, "no peers"},
		"failure after success":          {[]string{success, failed}, true, verdict.Failed, "no peers"},
		"crash, which is written twice":  {[]string{start, crashed, crashed}, true, verdict.Crashed, "nil map"},
		"crash after success":            {[]string{success, crashed}, true, verdict.Crashed, "nil map"},
		"a crash is worse than failures": {[]string{failed, crashed}, true, verdict.Crashed, "no peers"},
	} {
		t.Run(name, func(t *testing.T) {
			var r verdict.Record
			for _, l := range c.lines {
				e, err := verdict.Parse([]byte(l))
				if errors.Is(err, verdict.ErrNoEvent) {
					continue
				}
				r.Note(e)
			}
			if c.ended {
				r.End()
			}
			if got := r.Outcome(); got != c.want {
				t.Errorf("outcome %s, want %s", got, c.want)
			}
			if got := r.Why(); !strings.Contains(got, c.why) || (got == "") != (c.want == verdict.OK) {
				t.Errorf("why %q, want something with %q", got, c.why)
			}
		})
	}
}

func TestParseTellsEventsFromText(t *testing.T) {
	for _, text := range []string{plain, other, "", "{", `{"event":null}`, `[]`, `"event"`, `{"event":5}`, `{"ts":"x","event":{"success_event":{}}}`} {
		if e, err := verdict.Parse([]byte(text)); !errors.Is(err, verdict.ErrNoEvent) {
			t.Errorf("%q is %+v", text, e)
		}
	}
	got, err := verdict.Parse([]byte(message))
	if err != nil || got != (verdict.Event{Time: 1790000000000000002, Kind: verdict.Message, Text: "at height 5"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := verdict.Parse([]byte(start)); err != nil || got.Kind != verdict.Other {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzParse: no line of output makes the launcher stumble, and none is a success that
// does not name one.
func FuzzParse(f *testing.F) {
	for _, l := range []string{start, message, success, failed, crashed, plain, other} {
		f.Add([]byte(l))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := verdict.Parse(text)
		if err != nil && e != (verdict.Event{}) {
			t.Errorf("both %+v and %v", e, err)
		}
		if e.Kind == verdict.Success && !strings.Contains(strings.ToLower(string(text)), "success") && !strings.Contains(string(text), `\u`) {
			t.Errorf("a success out of %q", text)
		}
	})
}
