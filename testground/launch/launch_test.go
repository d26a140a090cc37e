package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// plan writes a plan that is a shell script; $seen has what an instance is given.
func plan(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	succeed = `echo '{"ts":1,"event":{"success_event":{"group":"all"}}}'` + "\n"
	fail    = `echo '{"ts":1,"event":{"failure_event":{"group":"all","error":"no peers"}}}'` + "\n"
	say     = `echo '{"ts":1,"event":{"message_event":{"message":"pappus: at work"}}}'` + "\n"
)

// launched runs the launcher and returns its exit code and all that it wrote.
func launched(t *testing.T, ctx context.Context, args ...string) (int, string) { //nolint:revive // a test's t comes first here
	t.Helper()
	var out strings.Builder
	code := run(ctx, append([]string{"-case", "sync", "-instances", "3", "-binary", "inside", "-outputs", t.TempDir()}, args...), &out, &out)
	return code, out.String()
}

func TestRunSucceedsIfAllDo(t *testing.T) {
	code, out := launched(t, t.Context(), "-plan", plan(t, "echo hello\n"+say+succeed))
	if code != exitDone || !strings.Contains(out, "3 of 3 instances succeeded") || !strings.Contains(out, "at work") || strings.Contains(out, "hello") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// A failure is told at once; those who would wait for the failed one are killed.
func TestRunFailsWithTheFirst(t *testing.T) {
	code, out := launched(t, t.Context(), "-plan", plan(t, `case "$TEST_OUTPUTS_PATH" in */2) `+fail+`;; *) sleep 1000;; esac`))
	if code != exitFailed || !strings.Contains(out, "instance 2 failed: no peers") || !strings.Contains(out, "instance 1: incomplete") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// Events judge, and not exit codes.
func TestRunFailsWithoutASuccess(t *testing.T) {
	code, out := launched(t, t.Context(), "-plan", plan(t, say))
	if code != exitFailed || !strings.Contains(out, "ended without success or failure") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestRunNamesWhoDidNotFinish(t *testing.T) {
	code, out := launched(t, t.Context(), "-timeout", "500ms", "-plan", plan(t, say+succeed+`case "$TEST_OUTPUTS_PATH" in */3) sleep 1000;; esac`))
	if code != exitFailed || !strings.Contains(out, "1 of 3 instances have not finished") || !strings.Contains(out, "instance 3: it said success, but the process has not ended") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// An interrupt ends the run and leaves no process behind: they hold a file's lock.
func TestInterruptKillsAll(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	started := filepath.Join(t.TempDir(), "started")
	go func() { // ends with the interrupt
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				interrupt()
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	code, out := launched(t, ctx, "-plan", plan(t, "touch "+started+"; sleep 1000 & wait"))
	if code != exitFailed || !strings.Contains(out, "have not finished") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestInstancesAreGivenWhatTestgroundGives(t *testing.T) {
	script := `test -d "$TEST_OUTPUTS_PATH" -a -d "$TEST_TEMP_PATH" -a "$TEST_CASE$TEST_INSTANCE_COUNT$TEST_SIDECAR" = sync3false || exit 1
case "$TEST_INSTANCE_PARAMS" in *"|blocks=7|"*"|patience=90s|"*) ;; *) exit 1;; esac
test -n "$SYNC_SERVICE_HOST" -a -n "$SYNC_SERVICE_PORT" -a -n "$TEST_RUN" && ` + succeed
	if code, out := launched(t, t.Context(), "-param", "blocks=7", "-plan", plan(t, script)); code != exitDone {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"-case synk":                       "sync, broadcast",
		"-case sync -instances 1":          "2 to 1000",
		"-case sync -param blokcs=1":       "blocks",
		"-case sync -param blocks":         "NAME=VALUE",
		"-case sync -param latency=5ms":    "-net tun",
		"-case sync -net wifi":             "loopback",
		"-case sync -param binary=/x":      "-binary",
		"-case sync -timeout 0s":           "above 0",
		"-case sync extra":                 "extra",
		"-case broadcast -param txs=-1":    "negative",
		"-cas sync":                        "not defined",
		"-case anonymity -param spies=1.5": "share",
	} {
		var out strings.Builder
		if code := run(t.Context(), strings.Fields(args), &out, &out); code != exitUsage || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, want something with %q:\n%s", args, code, want, out.String())
		}
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"-help"}, &out, &out); code != exitDone || !strings.Contains(out.String(), "Examples") {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
}
