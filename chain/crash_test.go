package chain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/store"
)

// The tests below start this binary again as a child that imports the mainnet file, and
// kill it. The child tells on its standard output what it has done, one line each:
//
//	open HEIGHT · recover DONE TOTAL · ready HEIGHT RECOVERED · accept HEIGHT · end HASH
const (
	childDir   = "PAPPUS_CHAIN_TEST_DIR"   // set: be the child, with this data directory
	childFile  = "PAPPUS_CHAIN_TEST_FILE"  // blocks to import
	childClose = "PAPPUS_CHAIN_TEST_CLOSE" // height at which to close and open the chain once
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := crashChild(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func crashChild(ctx context.Context, dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	c, err := openChild(ctx, s, dir)
	if err != nil {
		return err
	}
	f, err := os.Open(os.Getenv(childFile))
	if err != nil {
		return err
	}
	closeAt, err := strconv.Atoi(os.Getenv(childClose))
	if err != nil {
		return err
	}
	frames := newFrameReader(f, c.params.Net)
	for {
		next, err := frames.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		block, err := decodeBlock(next.block)
		if err != nil {
			return err
		}
		if c.HaveBlock(*block.Hash()) {
			continue
		}
		if err := c.Accept(block); err != nil {
			return err
		}
		fmt.Println("accept", c.Tip().Height)
		if int(c.Tip().Height) == closeAt {
			if err := c.Close(); err != nil {
				return err
			}
			if c, err = openChild(ctx, s, dir); err != nil {
				return err
			}
		}
	}
	hash := c.Tip().Hash
	if err := c.Close(); err != nil {
		return err
	}
	fmt.Println("end", hash)
	return s.Close()
}

func openChild(ctx context.Context, s *store.Store, dir string) (*Chain, error) {
	c, err := Open(DefaultConfig(filepath.Join(dir, "chain")), &chaincfg.MainNetParams, s.View("headers"), quiet())
	if err != nil {
		return nil, err
	}
	fmt.Println("open", c.Tip().Height)
	recovered, err := c.Recover(ctx, func(done, total int) { fmt.Println("recover", done, total) })
	if err != nil {
		return nil, err
	}
	fmt.Println("ready", c.Tip().Height, recovered)
	return c, nil
}

// kill says when the child is killed: after so many lines of a kind, or after a time.
type kill struct {
	line    string
	count   int
	after   time.Duration
	closeAt int
}

// life is what a child told before its end.
type life struct {
	opened, ready, accepted int // heights; -1: it did not come that far
	recovered               int
	end                     string
	errors                  string
}

func runChild(t *testing.T, dir, file string, k kill) life {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childFile+"="+file, childClose+"="+strconv.Itoa(k.closeAt))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if k.after > 0 {
		defer time.AfterFunc(k.after, func() { _ = cmd.Process.Kill() }).Stop()
	}
	l := life{opened: -1, ready: -1, accepted: -1}
	seen := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word := strings.Fields(lines.Text())
		l.note(word)
		if word[0] == k.line {
			if seen++; seen == k.count {
				_ = cmd.Process.Kill() // what it still writes is read, too
			}
		}
	}
	_ = cmd.Wait() // killed, or it says why on stderr
	l.errors = stderr.String()
	return l
}

func (l *life) note(word []string) {
	number := func(i int) int {
		n, err := strconv.Atoi(word[i])
		if err != nil {
			return -1
		}
		return n
	}
	switch word[0] {
	case "open":
		l.opened = number(1)
	case "ready":
		l.ready, l.recovered = number(1), number(2)
	case "accept":
		l.accepted = number(1)
	case "end":
		l.end = word[1]
	}
}

// TestKilledProcessKeepsItsBlocks kills an import again and again, also while it recovers
// from the last kill: every block that it had accepted is there afterwards.
func TestKilledProcessKeepsItsBlocks(t *testing.T) {
	t.Parallel()
	file, dir := mainFile(t).Name(), t.TempDir()
	kills := []kill{
		{after: time.Millisecond},
		{after: 15 * time.Millisecond},
		{line: "open", count: 1},
		{line: "accept", count: 1},
		{line: "accept", count: 700},
		{line: "recover", count: 1},
		{line: "recover", count: 350},
		{line: "ready", count: 1},
		{line: "accept", count: 1500, closeAt: 1500}, // part of it is written cleanly
		{line: "recover", count: 20},
		{line: "accept", count: 3000},
		{line: "open", count: 1},
		{line: "recover", count: 2500},
		{after: 400 * time.Millisecond},
		{after: 700 * time.Millisecond},
		{line: "accept", count: 1},
	}
	least := 0 // accepted by some child so far
	for i, k := range kills {
		l := runChild(t, dir, file, k)
		t.Logf("kill %d %+v: %+v", i, k, l)
		if l.errors != "" {
			t.Fatalf("child: %s", l.errors)
		}
		if l.ready >= 0 && l.ready < least {
			t.Fatalf("height %d after recovery; %d had been accepted", l.ready, least)
		}
		least = max(least, l.ready, l.accepted)
	}
	l := runChild(t, dir, file, kill{})
	t.Logf("last run: %+v", l)
	if l.ready < least || l.end != mainTip {
		t.Errorf("%d had been accepted; last run %+v", least, l)
	}

	// After a clean stop there is nothing to recover, and what was recovered is sound.
	l = runChild(t, dir, file, kill{})
	if l.opened != mainHeight || l.recovered != 0 || l.end != mainTip {
		t.Errorf("after a clean stop: %+v", l)
	}
	left, err := filepath.Glob(filepath.Join(dir, "chain", "[sv]*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c := openIn(t, DefaultConfig(filepath.Join(dir, "chain")), &chaincfg.MainNetParams, memory())
	if n, err := c.Verify(t.Context(), 0, VerifyUndo, nil); err != nil || n != mainHeight+1 {
		t.Errorf("verified %d blocks: %v", n, err)
	}
	want, err := chainhash.NewHashFromStr(mainTip)
	if err != nil || c.Headers().Best().Hash != *want {
		t.Errorf("best header %v", c.Headers().Best().Hash)
	}
}
