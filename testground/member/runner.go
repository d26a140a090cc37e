package member

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"syscall"

	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/testground/child"
)

// runner is a node that runs.
type runner interface {
	done() <-chan struct{}
	err() error // valid once done is closed
	stop() error
	kill()
}

// process is a pappus program.
type process struct{ *child.Child }

func startProcess(s Settings, log io.Writer) (runner, error) {
	cmd := exec.Command(s.Binary, s.arguments()...) //nolint:noctx // stop and kill end it
	cmd.Stderr = log
	c, err := child.StartWithin(cmd)
	if err != nil {
		return nil, fmt.Errorf("start the node %s: %w", s.Binary, err)
	}
	return process{c}, nil
}

func (p process) done() <-chan struct{} { return p.Done() }
func (p process) err() error            { return p.Err() }
func (p process) stop() error           { return p.Signal(syscall.SIGTERM) }

// kill ends it as kill -9 does.
func (p process) kill() {
	_ = p.Signal(syscall.SIGKILL) // it may have ended already
	<-p.Done()
}

// inside is a node within this process.
type inside struct {
	end    context.CancelFunc
	ended  chan struct{}
	result error
}

func startInside(s Settings, log io.Writer) (runner, error) {
	ctx, end := context.WithCancel(context.Background())
	n, err := node.New(ctx, s.config(), slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		end()
		return nil, fmt.Errorf("make the node: %w", err)
	}
	i := &inside{end: end, ended: make(chan struct{})}
	go func() { // ends with the node
		defer close(i.ended)
		i.result = n.Run(ctx)
	}()
	return i, nil
}

func (i *inside) done() <-chan struct{} { return i.ended }
func (i *inside) err() error            { return i.result }

func (i *inside) stop() error {
	i.end()
	return nil
}

// kill is a clean stop: part of a process cannot be killed.
func (i *inside) kill() {
	i.end()
	<-i.ended
}

var errEnded = errors.New("the node has ended by itself")
