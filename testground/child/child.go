package child

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Child is one process. It is safe for concurrent use.
type Child struct {
	pid  int
	done chan struct{}
	err  error // valid once done is closed
}

// Start starts a command as the head of a process group. enter, which may be nil, is
// called before on the operating system's thread that starts the process, which
// inherits what enter changed there: its namespaces. The thread belongs to the process
// alone and ends after it.
func Start(cmd *exec.Cmd, enter func() error) (*Child, error) {
	cmd.SysProcAttr = attributes()
	cmd.SysProcAttr.Setpgid = true
	return start(cmd, enter)
}

// StartWithin starts a command that belongs to its parent's process group and dies
// with it.
func StartWithin(cmd *exec.Cmd) (*Child, error) {
	cmd.SysProcAttr = attributes()
	return start(cmd, nil)
}

func start(cmd *exec.Cmd, enter func() error) (*Child, error) {
	c := &Child{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() { // ends with the process
		// Linux kills a child when the thread dies that has made it: it is kept, and
		// not unlocked, so that it is never used for anything else.
		runtime.LockOSThread()
		var err error
		if enter != nil {
			err = enter()
		}
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			c.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// Done is closed when the process has ended and its output is read.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err is how the process ended, once Done is closed.
func (c *Child) Err() error { return c.err }

// Signal sends a signal to the process alone. One that has ended is no error.
func (c *Child) Signal(s syscall.Signal) error {
	select {
	case <-c.done:
		return nil
	default:
	}
	if err := syscall.Kill(c.pid, s); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// Kill kills a process of [Start] and all that it has started, and returns when it has
// ended.
func (c *Child) Kill() {
	// What the process has started may outlive it. If nothing does, there is nobody
	// to kill, and that is all that can go wrong.
	_ = syscall.Kill(-c.pid, syscall.SIGKILL)
	<-c.done
}
