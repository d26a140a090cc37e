// Command launch runs the plan on this machine: it builds the plan and the node, plays
// Testground's sync service, starts the instances, and judges them by their events.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/pappus-network/pappus/testground"
)

// Exit codes, as those of pappus.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// options are what the command line says.
type options struct {
	testcase  string
	instances int
	given     map[string]string
	network   string
	seed      uint64 // the parameter's
	timeout   time.Duration
	outputs   string
	plan      string
	binary    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		fmt.Fprintln(errs, "launch:", err)
		return exitUsage
	}
	ok, err := launch(ctx, o, out)
	switch {
	case err != nil:
		fmt.Fprintln(errs, "launch:", err)
		return exitFailed
	case !ok:
		return exitFailed
	}
	return exitDone
}

// Names of networks.
const (
	loopback = "loopback" // as Testground's local:exec: no delay, no loss, no root
	tunnels  = "tun"      // a network namespace an instance, and a link that is shaped; Linux, root
)

func parse(args []string, errs io.Writer) (options, error) {
	o := options{given: map[string]string{}}
	flags := flag.NewFlagSet("launch", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.testcase, "case", "", "which `case` of the manifest to run")
	flags.IntVar(&o.instances, "instances", 0, "how many; 0 is the case's default")
	flags.Func("param", "a parameter as `NAME=VALUE`; may be repeated", func(s string) error {
		name, value, found := strings.Cut(s, "=")
		if !found {
			return errors.New("write it as NAME=VALUE")
		}
		o.given[name] = value
		return nil
	})
	flags.StringVar(&o.network, "net", loopback, "the `network`: loopback, or tun (root, Linux), which has delay, loss and cuts")
	flags.DurationVar(&o.timeout, "timeout", 3*time.Minute, "longest that the instances may run")
	flags.StringVar(&o.outputs, "outputs", "", "`folder` for what the instances write; empty is a new one for temporary files")
	flags.StringVar(&o.plan, "plan", "", "`path` of the plan's program; empty builds it")
	flags.StringVar(&o.binary, "binary", "", "`path` of the pappus program; empty builds it, and \"inside\" runs the node within the plan's process")
	flags.Usage = func() {
		fmt.Fprint(errs, "Runs a case of the plan on this machine. Examples, in the folder testground:\n",
			"  go run ./launch -case sync -instances 5\n",
			"  go run ./launch -case broadcast -instances 10 -param mechanism=diffusion\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag: see -help", flags.Arg(0))
	}
	return o, o.check()
}

// check refuses what cannot run before anything is built.
func (o *options) check() error {
	m, err := testground.Read()
	if err != nil {
		return err
	}
	c, err := m.Case(o.testcase)
	if err != nil {
		return err
	}
	if o.instances == 0 {
		o.instances = c.Instances.Default
	}
	if err := c.Fits(o.instances); err != nil {
		return err
	}
	if o.network != loopback && o.network != tunnels {
		return fmt.Errorf("no such network %q: there are %s and %s", o.network, loopback, tunnels)
	}
	if _, set := o.given["binary"]; set {
		return errors.New("the parameter binary is set by the flag -binary")
	}
	p, err := c.Parse(o.given)
	if err != nil {
		return err
	}
	if o.network == loopback && (p.Latency > 0 || p.Loss > 0 || p.Bandwidth > 0) {
		return errors.New("latency, loss and bandwidth need -net tun: the loopback network has none")
	}
	o.seed = p.Seed
	if o.timeout <= 0 {
		return fmt.Errorf("timeout %v is not above 0", o.timeout)
	}
	return nil
}
