package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pappus-network/pappus/store"
)

// holdEnv makes the test binary a process that opens the named data directory,
// writes a key, says "held" and waits to be killed.
const holdEnv = "PAPPUS_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		hold(dir)
	}
	os.Exit(m.Run())
}

func hold(dir string) {
	s, err := store.Open(dir)
	if err == nil {
		err = writeUnsynced(s)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	select {} // killed by the test
}

// startHolder returns once the other process holds the directory.
func startHolder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "held\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed" is what we want
}

func TestLockNamesTheProcessThatHoldsIt(t *testing.T) {
	dir := t.TempDir()
	holder := startHolder(t, dir)
	_, err := store.Open(dir)
	var locked *store.LockedError
	if !errors.As(err, &locked) || !errors.Is(err, store.ErrLocked) {
		t.Fatalf("open = %v, want a LockedError", err)
	}
	if locked.PID != holder.Process.Pid || locked.Path != filepath.Join(dir, "lock") {
		t.Errorf("locked by %d at %s, want %d in %s", locked.PID, locked.Path, holder.Process.Pid, dir)
	}
	for _, part := range []string{strconv.Itoa(holder.Process.Pid), dir, "choose another data directory"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	kill(t, holder)
}

func TestLockOfAKilledProcessDoesNotBlock(t *testing.T) {
	dir := t.TempDir()
	kill(t, startHolder(t, dir))
	lock, err := store.Lock(dir)
	if err != nil {
		t.Fatalf("lock after kill -9: %v", err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "lock"))
	if want := strconv.Itoa(os.Getpid()) + "\n"; err != nil || string(content) != want {
		t.Errorf("lock file = %q, %v; want %q", content, err, want)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

func TestLockHoldsWithinOneProcess(t *testing.T) {
	dir := t.TempDir()
	first, err := store.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Lock(dir)
	var locked *store.LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || !strings.Contains(err.Error(), "this very process") {
		t.Errorf("second lock = %v, want a LockedError with our pid", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := store.Lock(dir)
	if err != nil {
		t.Fatalf("lock after release: %v", err)
	}
	if err := second.Release(); err != nil {
		t.Error(err)
	}
}

func TestLockOverwritesALongerStalePID(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	if err := os.WriteFile(path, []byte("12345678901234567\nrubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("lock file = %q, %v", content, err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}
