package devnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// grace is what a process has to end in order before it is killed. An idle node takes
	// 50 ms; a hundred on two cores, each of which writes its databases, seconds.
	grace = 20 * time.Second
	// lookEvery is how often it is looked whether a process has come up.
	lookEvery = 20 * time.Millisecond
	// logName is the file in a member's folder that its process logs to.
	logName = "log"
	// shownOfLog is how much of a log's end is read for an error.
	shownOfLog = 2000
)

// runProcess starts a member's node in a process of its own and returns when it listens.
// The process ends with ctx, and with this process however that ends: its standard input
// is a pipe that this one holds open.
func runProcess(ctx context.Context, m *member, c Config) (*running, error) {
	files := filepath.Join(m.dir, Network)
	// Of a process that was killed: they would tell that this one is up.
	for _, name := range []string{"addrs", apiFile} {
		if err := os.Remove(filepath.Join(files, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	log, err := openLog(m.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()                // the process has its own
	cmd := exec.Command(c.Program, m.arguments(c)...) //nolint:noctx // it ends in order with ctx: see below
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = withoutSettings(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for this process, which ends the others
	held, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &running{done: make(chan struct{})}
	go func() { // ends with the process
		defer close(r.done)
		r.err = explain(cmd.Wait(), m.dir)
	}()
	r.kill = func() { _ = cmd.Process.Kill() } // it may have ended already
	r.stop = sync.OnceFunc(func() {
		_ = held.Close() // closed already once the process has ended
		late := time.AfterFunc(grace, r.kill)
		go func() { // ends with the process
			<-r.done
			late.Stop()
		}()
	})
	go func() { // ends with ctx or the process
		select {
		case <-ctx.Done():
			r.stop()
		case <-r.done:
		}
	}()
	if err := poll(ctx, lookEvery, func() bool { return r.ended() || exists(filepath.Join(files, "addrs")) }); err != nil {
		<-r.done // ctx has ended
		return nil, err
	}
	if r.ended() {
		return nil, errors.Join(errors.New("the process has ended"), r.err)
	}
	if r.engine, err = newRemote(files); err != nil {
		r.kill()
		<-r.done
		return nil, err
	}
	return r, nil
}

// arguments are the command line of a member's process.
func (m *member) arguments(c Config) []string {
	return []string{
		"node", "--network", Network, "--datadir", m.dir, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0",
		"--outbound", strconv.Itoa(c.outbound()), "--embargo", c.Embargo.String(), "--mine-to", m.key.address,
		"--dbcache", strconv.Itoa(cacheBytes >> 20), "--max-mempool", strconv.Itoa(mempoolMiB),
		"--trace-stems", "--while-stdin",
	}
}

// withoutSettings leaves out variables that would set something in a node.
func withoutSettings(env []string) []string {
	var rest []string
	for _, v := range env {
		if !strings.HasPrefix(v, "PAPPUS_") {
			rest = append(rest, v)
		}
	}
	return rest
}

func openLog(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// explain adds to the end of a process what it said last.
func explain(err error, dir string) error {
	if err == nil {
		return nil
	}
	f, open := os.Open(filepath.Join(dir, logName))
	if open != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	if info, bad := f.Stat(); bad == nil && info.Size() > shownOfLog {
		_, _ = f.Seek(-shownOfLog, io.SeekEnd) // at worst the beginning is shown
	}
	text, _ := io.ReadAll(io.LimitReader(f, shownOfLog))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return fmt.Errorf("%w: %s", err, lines[len(lines)-1])
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
