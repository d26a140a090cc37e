package child_test

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pappus-network/pappus/testground/child"
)

// A process that has started another one is killed with it: its output ends, which
// the other holds open as well.
func TestKillTakesTheWholeGroup(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "sleep 1000 & echo $!; wait")
	read, write := io.Pipe()
	cmd.Stdout = write
	c, err := child.Start(cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	c.Kill() // would not return: cmd.Wait waits for whoever holds the output
	if c.Err() == nil {
		t.Error("it ended well")
	}
	if err := syscall.Kill(grandchild, 0); err == nil && running(t, grandchild) {
		t.Errorf("process %d is still running", grandchild)
	}
}

// running tells a process from one that has ended and that nobody has waited for yet.
func running(t *testing.T, pid int) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

func TestStartTellsWhatEnterCouldNotDo(t *testing.T) {
	locked := errors.New("locked")
	_, err := child.Start(exec.CommandContext(t.Context(), "true"), func() error { return locked })
	if !errors.Is(err, locked) {
		t.Errorf("%v", err)
	}
}

func TestSignalAfterTheEndIsNoError(t *testing.T) {
	c, err := child.Start(exec.CommandContext(t.Context(), "true"), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if err := errors.Join(c.Err(), c.Signal(syscall.SIGTERM)); err != nil {
		t.Error(err)
	}
	c.Kill()
}
