package devnet

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/internal/proc"
	"github.com/pappus-network/pappus/store"
)

// processes has each node in a process of its own.
func processes(t *testing.T) func(*Config) {
	t.Helper()
	if testing.Short() {
		return nil // play skips
	}
	bin := proc.Build(t)
	return func(c *Config) { c.Program = bin }
}

// pidOf is the process that has a member's folder.
func pidOf(t *testing.T, d *Devnet, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder(d.cfg.Dir, name), Network, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func runs(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func TestProcessesAreTakenApartAndHeal(t *testing.T) {
	var pids []int
	play(t, processes(t), func(t *testing.T, d *Devnet, c *client.Client) {
		for _, name := range []string{"n1", "n2", "n3"} {
			pids = append(pids, pidOf(t, d, name))
			if pid := pids[len(pids)-1]; pid == os.Getpid() || !runs(pid) {
				t.Errorf("%s has no process of its own: %d", name, pid)
			}
		}
		takeApart(t, d, c) // kills n2
		if runs(pids[1]) {
			t.Error("the killed process runs")
		}
		for _, name := range []string{"n1", "n2", "n3"} {
			pids = append(pids, pidOf(t, d, name))
		}
	})
	for _, pid := range pids {
		if runs(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
}

func TestProcessesTellHowTransactionsTravel(t *testing.T) {
	play(t, processes(t), func(t *testing.T, d *Devnet, c *client.Client) {
		spyOut(t, d, c)
		if s := look[dashboard.State](t, c, "node?name=n1"); s.Name != "n1" || s.Chain.Height == 0 || s.Resources.RSS == 0 {
			t.Errorf("n1 shows itself as %+v", s)
		}
		until(t, "each node hands stems to others", func() bool {
			stems := 0
			for _, l := range look[dashboard.Network](t, c, "network").Links {
				if l.Stem && strings.HasPrefix(l.From, "n") && strings.HasPrefix(l.To, "n") {
					stems++
				}
			}
			return stems >= 3
		})
	})
}

func TestProcessThatCannotStart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho one; echo no room >&2; exit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig(t.TempDir(), "at")
	c.Program = program
	d, err := New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.enlist()
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.start(t.Context(), c, nil, nil)
	for _, word := range []string{"n1", "exit status 3", "no room"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %v: it does not say %q", err, word)
		}
	}
}

// However a devnet ends, its processes end with it.
func TestProcessesEndWithADevnetThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("real nodes on real sockets take seconds")
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), proc.Build(t), "devnet", "3", "--processes", "--embargo", "1s",
		"--keep", dir, "--at", filepath.Join(dir, "at"), "--listen-api", "127.0.0.1:0")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		ready = strings.HasPrefix(lines.Text(), "ready")
	}
	var folders []string
	for _, name := range []string{"n1", "n2", "n3"} {
		folders = append(folders, filepath.Join(folder(dir, name), Network))
	}
	// A process holds its folder's lock until it has ended, in whatever way.
	ended := func(folder string) bool {
		lock, err := store.Lock(folder)
		if err != nil {
			return false
		}
		return lock.Release() == nil
	}
	for _, folder := range folders {
		if !ready || ended(folder) {
			t.Errorf("nobody is in %s", folder)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed
	for _, folder := range folders {
		until(t, "the process has ended", func() bool { return ended(folder) })
	}
}
