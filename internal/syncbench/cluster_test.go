package syncbench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/proc"
	"github.com/pappus-network/pappus/internal/shape"
)

const chainName = "simnet"

// subject is one chain and a folder that holds it, from which servers start.
type subject struct {
	bin    string
	file   string // bootstrap.dat framing
	bytes  int64
	folder string // datadir with the chain imported
	height int32
	tip    string
}

// prepare imports the shape's chain once per test binary.
func prepare(b *testing.B, shape chaingen.Shape) *subject {
	b.Helper()
	s := &subject{bin: proc.Build(b), file: chaingen.File(b, shape), folder: filepath.Join(cache(b), shape.Name)}
	info, err := os.Stat(s.file)
	if err != nil {
		b.Fatal(err)
	}
	s.bytes = info.Size()
	s.height = int32(shape.Totals().Blocks) // thousands
	if _, err := os.Stat(s.folder); err != nil {
		s.importInto(b, s.folder)
	}
	out := s.run(b, "chain", "info", "--network", chainName, "--datadir", s.folder, "--json")
	_, rest, _ := strings.Cut(out, `"bestblockhash"`)
	s.tip = strings.Trim(strings.SplitN(strings.TrimLeft(rest, `: "`), `"`, 2)[0], `" `)
	if len(s.tip) != 64 {
		b.Fatalf("no tip hash in %s", out)
	}
	return s
}

// cache is one folder for all benchmarks of the binary's run.
func cache(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("pappus-syncbench-%d", os.Getpid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	return dir
}

func TestMain(m *testing.M) {
	if serve := companionOf(); serve != nil {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	_ = os.RemoveAll(filepath.Join(os.TempDir(), fmt.Sprintf("pappus-syncbench-%d", os.Getpid())))
	os.Exit(code)
}

// run runs a command of the program to its end and returns what it printed.
func (s *subject) run(b *testing.B, args ...string) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), s.bin, args...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		b.Fatalf("%v: %v\n%s", args, err, exit.Stderr)
	} else if err != nil {
		b.Fatal(err)
	}
	return string(out)
}

// settle has the disk write what it holds back of what was done before, which whoever
// comes next would pay for: 0.6 s of a sync's processor time after an import of 330 MB.
func settle() { unix.Sync() }

// importInto imports the chain into a new datadir and returns the time from the
// start of the process to its end.
func (s *subject) importInto(b *testing.B, datadir string, args ...string) time.Duration {
	b.Helper()
	settle()
	begun := time.Now()
	s.run(b, append([]string{"chain", "import", "--network", chainName, "--datadir", datadir, s.file}, args...)...)
	return time.Since(begun)
}

// serve starts n servers, each on a copy of the chain of its own.
func (s *subject) serve(b *testing.B, n int) []*proc.Process {
	b.Helper()
	servers := make([]*proc.Process, n)
	for i := range servers {
		dir := filepath.Join(b.TempDir(), "server")
		if err := os.CopyFS(dir, os.DirFS(s.folder)); err != nil {
			b.Fatal(err)
		}
		servers[i] = proc.Start(b, s.bin, chainName, dir, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0")
	}
	return servers
}

// result is what one sync took.
type result struct {
	took time.Duration // from the start of the process to the end of the process, at the tip
	peak int64         // resident bytes
	cpu  time.Duration
}

// sync starts an empty node that connects to the addresses, and stops it when it
// has the tip.
func (s *subject) sync(b *testing.B, addrs []string, args ...string) result {
	b.Helper()
	return s.syncUnder(b, addrs, nil, args...)
}

// syncUnder is sync with something that is done to the node meanwhile, until ctx ends.
func (s *subject) syncUnder(b *testing.B, addrs []string, load func(ctx context.Context, p *proc.Process), args ...string) result {
	b.Helper()
	dir := b.TempDir()
	args = append([]string{"--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"}, args...)
	for _, a := range addrs {
		args = append(args, "--connect", a)
	}
	settle()
	begun := time.Now()
	p := proc.Start(b, s.bin, chainName, dir, args...)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	if load != nil {
		load(ctx, p)
	}
	s.await(b, p)
	r := result{cpu: p.CPU(b)}
	_, r.peak = p.Memory(b)
	p.Stop(b)
	r.took = time.Since(begun)
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	return r
}

// await waits until the node's height is the chain's. The node tells: being asked a hundred
// times a second costs it some hundredths of the cores that it validates on.
func (s *subject) await(b *testing.B, p *proc.Process) {
	b.Helper()
	const patience = 10 * time.Second // for one answer, whatever the height is then
	c, err := client.Dial(p.Dir)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	var tip struct{ Height int32 }
	for tip.Height < s.height {
		if err := c.Call(ctx, "waitforblockheight", []any{s.height, patience.Milliseconds()}, &tip); err != nil {
			b.Fatalf("%v\n%s", err, p.Log())
		}
	}
}

// through puts a shaped link before a server and returns the link and the
// address to dial.
func through(b *testing.B, server *proc.Process, cfg shape.Config) (*shape.Link, string) {
	b.Helper()
	direct := server.Addr(b) // /ip4/127.0.0.1/tcp/<port>/p2p/<id>
	parts := strings.Split(direct, "/")
	link, err := shape.Listen(b.Context(), "127.0.0.1:"+parts[4], cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := link.Close(); err != nil {
			b.Error(err)
		}
	})
	parts[4] = fmt.Sprint(link.Addr().Port)
	return link, strings.Join(parts, "/")
}
