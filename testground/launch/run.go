package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/testground"
	"github.com/pappus-network/pappus/testground/verdict"
)

// planName is the plan's, as the manifest has it.
const planName = "pappus"

// launch runs the instances and says whether all of them succeeded. The error is for
// what kept them from running.
func launch(ctx context.Context, o options, out io.Writer) (ok bool, err error) {
	temp, err := os.MkdirTemp("", "pappus-plan-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if o.outputs == "" {
		if o.outputs, err = os.MkdirTemp("", "pappus-outputs-"); err != nil {
			return false, err
		}
	}
	if o.outputs, err = filepath.Abs(o.outputs); err != nil {
		return false, err
	}
	plan, node, err := programs(ctx, o, temp)
	if err != nil {
		return false, err
	}
	params, err := parameters(o, node)
	if err != nil {
		return false, err
	}
	return play(ctx, o, order{
		count: o.instances, run: fmt.Sprintf("launch-%d", time.Now().UnixNano()), testcase: o.testcase,
		plan: plan, params: params, outputs: o.outputs, temp: temp,
	}, out)
}

// parameters are those that each instance is given.
func parameters(o options, node string) (map[string]string, error) {
	m, err := testground.Read()
	if err != nil {
		return nil, err
	}
	c, err := m.Case(o.testcase)
	if err != nil {
		return nil, err
	}
	filled, err := c.Fill(o.given)
	if err == nil {
		filled["binary"] = node
	}
	return filled, err
}

// errTimeout says that instances were stopped because they took too long.
var errTimeout = errors.New("time is up")

// play starts the instances in their places, waits for them and judges. Nothing that it
// has started outlives it.
func play(ctx context.Context, o options, to order, out io.Writer) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("%w after %v", errTimeout, o.timeout))
	defer cancel()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	where, err := places(serving, o, to)
	if err != nil {
		return false, err
	}
	var group errgroup.Group
	group.Go(func() error { return where.run(serving) })

	begin := time.Now()
	lines := &progress{out: out, begin: begin}
	to.tell = lines.message
	lines.say("%d instances of %s, outputs in %s", o.instances, o.testcase, o.outputs)
	instances, err := startAll(serving, to, where)
	if err == nil {
		err = await(ctx, instances)
	}
	for _, i := range instances {
		i.child.Kill()
		i.wait()
	}
	stop()
	if served := group.Wait(); err == nil {
		err = served
	}
	ok := report(out, o, instances, where.summary(), time.Since(begin))
	return ok && err == nil, err
}

// places prepares the network.
func places(ctx context.Context, o options, to order) (place, error) {
	s, err := service(ctx)
	if err != nil {
		return nil, err
	}
	if o.network == loopback {
		return newOpen(s)
	}
	return newNamespaces(ctx, s, to, o.seed)
}

// startAll starts the instances. Those that were started are returned even with an error.
func startAll(ctx context.Context, to order, where place) ([]*instance, error) {
	var all []*instance
	for k := range to.count {
		var err error
		to.number = k + 1
		if to.seat, err = where.seat(ctx, k); err != nil {
			return all, err
		}
		i, err := start(to)
		if err != nil {
			return all, err
		}
		all = append(all, i)
	}
	return all, nil
}

// await waits until all instances have ended, or ctx has, or one has failed: the others
// would wait for it in vain.
func await(ctx context.Context, all []*instance) error {
	ended := make(chan *instance, len(all))
	for _, i := range all {
		go func() { // ends with the process, which play kills
			i.wait()
			ended <- i
		}()
	}
	for range all {
		select {
		case <-ctx.Done():
			return unfinished(context.Cause(ctx), all)
		case i := <-ended:
			if outcome, why := i.judge(); outcome != verdict.OK {
				return fmt.Errorf("instance %d %s: %s", i.number, outcome, first(why))
			}
		}
	}
	return nil
}

// unfinished says who has not ended.
func unfinished(cause error, all []*instance) error {
	var who []string
	for _, i := range all {
		if outcome, why := i.judge(); outcome != verdict.OK {
			who = append(who, fmt.Sprintf("  instance %d: %s", i.number, first(why)))
		}
	}
	return fmt.Errorf("%w: %d of %d instances have not finished:\n%s", cause, len(who), len(all), strings.Join(who, "\n"))
}

// first returns a text's first line.
func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// progress writes what the instances say. It is safe for concurrent use.
type progress struct {
	out   io.Writer
	begin time.Time
	mu    sync.Mutex
}

func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%6.1f s  %s\n", time.Since(p.begin).Seconds(), fmt.Sprintf(format, args...))
}

// message shows what the plan says; the SDK's own chatter is not.
func (p *progress) message(number int, text string) {
	if said, ours := strings.CutPrefix(text, testground.SayPrefix); ours {
		p.say("[%d] %s", number, said)
	}
}
