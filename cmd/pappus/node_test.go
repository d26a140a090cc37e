package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// patience bounds what a test on real sockets waits for.
const patience = 30 * time.Second

// canceled is a context that has ended already.
func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// record is a buffer that a running node writes to.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// running is `pappus node` in this process, on regtest and free ports.
type running struct {
	dir  string
	log  *record
	stop func() int // ends it and returns the exit code
}

func start(t *testing.T, flags ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{dir: t.TempDir(), log: new(record)}
	code := make(chan int, 1)
	args := append([]string{
		"node", "--network", "regtest", "--datadir", r.dir, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0",
	}, flags...)
	go func() { code <- run(ctx, args, nil, r.log, r.log) }() // ends with ctx
	r.stop = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { r.stop() })
	r.await(t, "its API answers", func() bool { return r.on(t, "rpc", "uptime").code == exitDone })
	return r
}

// on runs a command on the node.
func (r *running) on(t *testing.T, words ...string) outcome {
	t.Helper()
	return call(t, nil, append(words, "--network", "regtest", "--datadir", r.dir)...)
}

// await polls: what other processes see of a node has no event to wait for.
func (r *running) await(t *testing.T, what string, reached func() bool) {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	limit := time.After(patience)
	for !reached() {
		select {
		case <-poll.C:
		case <-limit:
			t.Fatalf("not within %v: %s\n%s", patience, what, r.log)
		}
	}
}

func TestNodeAndItsCommands(t *testing.T) {
	// It and the second node seek no peers: one that the operator let go would come back.
	first := start(t, "--outbound", "0")
	if got := first.on(t, "rpc", "generatetoaddress", "3", "bcrt1qs758ursh4q9z627kt3pp5yysm78ddny6txaqgw"); got.code != exitDone || !strings.HasPrefix(got.out, "[\n") {
		t.Fatalf("%+v", got)
	}
	if got := first.on(t, "rpc", "getblockcount"); got.out != "3\n" {
		t.Errorf("%+v", got)
	}

	t.Run("results print as bitcoin-cli's", func(t *testing.T) {
		if got := first.on(t, "rpc", "getblockhash", "0"); got.out != "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206\n" {
			t.Errorf("%+v", got)
		}
		if got := first.on(t, "rpc", "getblockhash", "0", "--json"); !strings.HasPrefix(got.out, `"0f91`) {
			t.Errorf("%+v", got)
		}
		if got := first.on(t, "rpc", "getpeerinfo"); got.out != "[]\n" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("errors of the API have their code", func(t *testing.T) {
		got := first.on(t, "rpc", "getblockhash", "4")
		if got.code != exitFailed || got.err != "pappus: error code: -8, error message: Block height out of range\n" {
			t.Errorf("%+v", got)
		}
		if got := first.on(t, "rpc", "getblokcount"); got.code != exitFailed || !strings.Contains(got.err, "-32601") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("status of a node alone on regtest is healthy", func(t *testing.T) {
		got := first.on(t, "status")
		if got.code != exitDone || !strings.Contains(got.out, "healthy: alone on a private network") {
			t.Errorf("%+v", got)
		}
		var h health
		if err := json.Unmarshal([]byte(first.on(t, "status", "--json").out), &h); err != nil || !h.Healthy || h.Chain.Blocks != 3 {
			t.Errorf("%+v, %v", h, err)
		}
	})
	t.Run("chain info asks the node that has the chain", func(t *testing.T) {
		got := first.on(t, "chain", "info", "--json")
		var info chainInfo
		if err := json.Unmarshal([]byte(got.out), &info); err != nil || got.code != exitDone || info.Blocks != 3 || info.Chain != "regtest" {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("the folder is taken", func(t *testing.T) {
		for _, words := range [][]string{{"node", "--api", "off"}, {"chain", "verify"}, {"chain", "export", "-"}} {
			got := first.on(t, words...)
			if got.code != exitFailed || !strings.Contains(got.err, "in use by") || strings.Count(got.err, "\n") != 1 {
				t.Errorf("%v: %+v", words, got)
			}
		}
	})
	t.Run("a second node is added, listed and removed", func(t *testing.T) { followAndLeave(t, first) })

	if code := first.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, first.log)
	}
	for _, name := range []string{"api", "addrs"} {
		if fileExists(filepath.Join(first.dir, "regtest", name)) {
			t.Errorf("%s is still there after a clean stop", name)
		}
	}
	if got := first.on(t, "chain", "info"); got.code != exitDone || !strings.Contains(got.out, "all blocks") {
		t.Errorf("%+v", got)
	}
}

// A node that somebody has started ends with him, if need be by force.
func TestWhileOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file, held := io.Pipe()
		forced := make(chan struct{})
		ctx := whileOpen(t.Context(), file, func() { close(forced) })
		<-time.After(time.Hour)
		if _, err := held.Write([]byte("is thrown away")); err != nil || ctx.Err() != nil {
			t.Fatalf("while the file is open the context has ended: %v, %v", ctx.Err(), err)
		}
		since := time.Now()
		_ = held.Close() // as the end of its writer does
		<-ctx.Done()
		if took := time.Since(since); took != 0 {
			t.Errorf("the context ended %v after the file", took)
		}
		<-forced
		if took := time.Since(since); took != orphaned {
			t.Errorf("it was forced to end after %v", took)
		}
	})
}

func followAndLeave(t *testing.T, first *running) {
	t.Helper()
	second := start(t, "--json", "--outbound", "0")
	addrs, err := os.ReadFile(filepath.Join(first.dir, "regtest", "addrs"))
	if err != nil {
		t.Fatal(err)
	}
	addr, _, _ := strings.Cut(string(addrs), "\n")
	if got := second.on(t, "peers", "list"); got.out != "no peers\n" {
		t.Errorf("%+v", got)
	}
	if got := second.on(t, "peers", "add", addr); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	second.await(t, "it has the first one's blocks", func() bool { return second.on(t, "rpc", "getblockcount").out == "3\n" })
	second.await(t, "it is in step", func() bool { return second.on(t, "status").code == exitDone })
	if got := second.on(t, "peers", "list"); !strings.Contains(got.out, addr) {
		t.Errorf("%+v", got)
	}
	if got := second.on(t, "peers", "remove", addr); got.code != exitDone {
		t.Errorf("%+v", got)
	}
	second.await(t, "the peer is gone", func() bool { return second.on(t, "peers", "list").out == "no peers\n" })
	if got := second.on(t, "peers", "remove", addr); got.code != exitFailed || !strings.Contains(got.err, "no such peer") {
		t.Errorf("%+v", got)
	}
	if got := second.on(t, "rpc", "stop"); got.code != exitDone {
		t.Errorf("%+v", got)
	}
	if code := second.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, second.log)
	}
	for line := range strings.Lines(second.log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON in the log: %s", line)
		}
	}
}
