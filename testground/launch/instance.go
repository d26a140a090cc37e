package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pappus-network/pappus/testground/child"
	"github.com/pappus-network/pappus/testground/verdict"
)

// instance is one process of the plan. It is safe for concurrent use.
type instance struct {
	number  int // from 1
	outputs string
	child   *child.Child
	read    chan struct{} // closed when all of its output is

	mu     sync.Mutex
	record verdict.Record
}

// order is what an instance is started with.
type order struct {
	number, count int
	run, testcase string
	plan          string // path
	params        map[string]string
	outputs, temp string
	seat          seat
	tell          func(number int, text string) // is given each message
}

// start starts an instance.
func start(o order) (*instance, error) {
	i := &instance{number: o.number, outputs: filepath.Join(o.outputs, strconv.Itoa(o.number)), read: make(chan struct{})}
	temp := filepath.Join(o.temp, strconv.Itoa(o.number))
	for _, dir := range []string{i.outputs, temp} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	env, err := o.environment(i.outputs, temp)
	if err != nil {
		return nil, err
	}
	errs, err := os.Create(filepath.Join(i.outputs, "stderr"))
	if err != nil {
		return nil, err
	}
	read, write := io.Pipe()
	cmd := exec.Command(o.plan) //nolint:noctx // kill ends it
	cmd.Env, cmd.Dir = env, temp
	cmd.Stdout, cmd.Stderr = write, errs
	if i.child, err = child.Start(cmd, o.seat.enter); err != nil {
		return nil, fmt.Errorf("start instance %d: %w", o.number, err)
	}
	go i.follow(read, o.tell)
	go func() { // ends with the process
		<-i.child.Done()
		_ = write.Close() // never fails
		_ = errs.Close()  // it is for people who look for a fault
	}()
	return i, nil
}

// environment is what Testground gives an instance. Source: sdk-go runtime/env.go.
func (o order) environment(outputs, temp string) ([]string, error) {
	host, port, err := net.SplitHostPort(o.seat.sync)
	if err != nil {
		return nil, err
	}
	packed := make([]string, 0, len(o.params))
	for _, name := range slices.Sorted(maps.Keys(o.params)) {
		packed = append(packed, name+"="+o.params[name])
	}
	count := strconv.Itoa(o.count)
	return append(os.Environ(),
		"TEST_PLAN="+planName, "TEST_CASE="+o.testcase, "TEST_RUN="+o.run,
		"TEST_GROUP_ID=all", "TEST_GROUP_INSTANCE_COUNT="+count, "TEST_INSTANCE_COUNT="+count,
		"TEST_INSTANCE_PARAMS="+strings.Join(packed, "|"), "TEST_INSTANCE_ROLE=", "TEST_BRANCH=", "TEST_REPO=", "TEST_TAG=",
		"TEST_OUTPUTS_PATH="+outputs, "TEST_TEMP_PATH="+temp,
		"TEST_SIDECAR="+strconv.FormatBool(o.seat.sidecar), "TEST_SUBNET="+o.seat.subnet,
		"TEST_CAPTURE_PROFILES=", "TEST_DISABLE_METRICS=true",
		"SYNC_SERVICE_HOST="+host, "SYNC_SERVICE_PORT="+port,
	), nil
}

// maxLine is the longest line of output that is looked at: an error with the tail of a
// node's log fits.
const maxLine = 1 << 20

// follow reads the output until it ends.
func (i *instance) follow(output *io.PipeReader, tell func(int, string)) {
	defer close(i.read)
	lines := bufio.NewReaderSize(output, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if e, bad := verdict.Parse(bytes.TrimSpace(line)); bad == nil {
			i.mu.Lock()
			i.record.Note(e)
			i.mu.Unlock()
			if e.Kind == verdict.Message {
				tell(i.number, e.Text)
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// wait returns when the process has ended and its output is read.
func (i *instance) wait() {
	<-i.child.Done()
	<-i.read
	i.mu.Lock()
	defer i.mu.Unlock()
	i.record.End()
}

// judge returns the outcome so far and why.
func (i *instance) judge() (verdict.Outcome, string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.record.Outcome(), i.record.Why()
}
