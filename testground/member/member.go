package member

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pappus-network/pappus/api/client"
)

// pollEvery is how often a node is asked for what its log does not tell: a call costs
// it some 0.1 ms.
const pollEvery = 50 * time.Millisecond

// Member is the node of an instance. Its methods are for one goroutine.
type Member struct {
	Diary *Diary

	settings Settings
	log      *os.File // all that the node has written
	running  runner   // nil = it does not run
	addr     string
	api      *client.Client
}

// New prepares a node whose log goes to a file as well.
func New(s Settings, logFile string) (*Member, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, fmt.Errorf("keep the node's log: %w", err)
	}
	return &Member{Diary: NewDiary(), settings: s, log: log}, nil
}

// Write passes the node's log on, to the diary and the file. It is called by the node.
func (m *Member) Write(p []byte) (int, error) {
	if _, err := m.log.Write(p); err != nil {
		return 0, err
	}
	return m.Diary.Write(p)
}

// Start runs the node and returns when it is ready. After a stop it comes back with
// the same data, at the same address.
func (m *Member) Start(ctx context.Context) error {
	m.Diary.starts()
	start := startInside
	if m.settings.Binary != "" {
		start = startProcess
	}
	var err error
	if m.running, err = start(m.settings, m); err != nil {
		return err
	}
	if err := m.Await(ctx, "be ready", m.Diary.isReady); err != nil {
		return err
	}
	addrs, err := os.ReadFile(filepath.Join(m.settings.folder(), "addrs"))
	if err != nil {
		return fmt.Errorf("read the node's addresses: %w", err)
	}
	m.addr, _, _ = strings.Cut(string(addrs), "\n")
	// The same port the next time: others know it.
	m.settings.Listen, _, _ = strings.Cut(m.addr, "/p2p/")
	m.api, err = client.Dial(m.settings.folder())
	return err
}

// Addr is the node's address, with its peer id.
func (m *Member) Addr() string { return m.addr }

// ID is the node's peer id.
func (m *Member) ID() string {
	_, id, _ := strings.Cut(m.addr, "/p2p/")
	return id
}

// Stop ends the node as its operator does.
func (m *Member) Stop(ctx context.Context) error {
	if m.running == nil {
		return nil
	}
	if err := m.running.stop(); err != nil {
		return fmt.Errorf("stop the node: %w", err)
	}
	select {
	case <-m.running.done():
		err := m.running.err()
		m.running = nil
		if err != nil {
			return fmt.Errorf("the node did not end well: %w", err)
		}
		return nil
	case <-ctx.Done():
		m.Kill()
		return errors.New("the node did not stop in time")
	}
}

// Kill ends the node at once. One that runs within this process is stopped instead.
func (m *Member) Kill() {
	if m.running != nil {
		m.running.kill()
		m.running = nil
	}
}

// Close ends whatever still runs.
func (m *Member) Close() error {
	m.Kill()
	return m.log.Close()
}

// Await returns when a condition holds. It fails if ctx ends before, or the node; what
// says for what it waited.
func (m *Member) Await(ctx context.Context, what string, holds func() bool) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the node did not %s in time: %w", what, context.Cause(ctx))
		case <-m.running.done():
			return fmt.Errorf("it did not %s: %w:\n%s", what, errors.Join(errEnded, m.running.err()), strings.Join(m.Diary.Tail(), "\n"))
		case <-ticker.C:
		}
	}
	return nil
}

// Call runs a method of the node's API. result may be nil.
func (m *Member) Call(ctx context.Context, result any, method string, params ...any) error {
	return m.api.Call(ctx, method, params, result)
}
