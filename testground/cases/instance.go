package cases

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/testground/sdk-go/network"
	"github.com/testground/sdk-go/run"
	"github.com/testground/sdk-go/runtime"
	tgsync "github.com/testground/sdk-go/sync"

	"github.com/pappus-network/pappus/testground"
	"github.com/pappus-network/pappus/testground/member"
)

// leader is the instance that mines, gathers and sums up.
const leader = 1

// Contact is how an instance is reached.
type Contact struct {
	Seq  int
	Addr string // multiaddr with the peer's id
	ID   string // peer id
	IP   string // on the data network; the same for all where there is none
}

// instance is one of the plan's, at work.
type instance struct {
	params testground.Params
	env    *runtime.RunEnv
	sync   tgsync.Client
	net    *network.Client

	seq    int // from 1
	count  int
	node   *member.Member
	all    []Contact // by seq
	shaped int       // network changes that were asked for so far
}

// Story is what an instance does once its node runs.
type Story func(ctx context.Context, i *instance) error

// All returns the cases by name, as the SDK wants them.
func All() map[string]any {
	stories := map[string]Story{
		"sync":      syncing,
		"broadcast": broadcasting,
		"anonymity": spying,
		"churn":     churning,
		"partition": partitioned,
	}
	cases := make(map[string]any, len(stories))
	for name, story := range stories {
		cases[name] = func(env *runtime.RunEnv, init *run.InitContext) error { return play(env, init, story) }
	}
	return cases
}

// play makes an instance, runs the story and stops the node.
func play(env *runtime.RunEnv, init *run.InitContext, story Story) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("as number %d of the plan: %w", init.GlobalSeq, err)
		}
	}()
	manifest, err := testground.Read()
	if err != nil {
		return err
	}
	c, err := manifest.Case(env.TestCase)
	if err != nil {
		return err
	}
	params, err := c.Parse(env.TestInstanceParams)
	if err != nil {
		return err
	}
	if err := c.Fits(env.TestInstanceCount); err != nil {
		return err
	}
	ctx := context.Background() // what is waited for has its own limits
	i := &instance{params: params, env: env, sync: init.SyncClient, net: init.NetClient, seq: int(init.GlobalSeq), count: env.TestInstanceCount}
	if err := i.start(ctx); err != nil {
		return err
	}
	defer func() {
		if e := i.node.Close(); err == nil {
			err = e
		}
	}()
	if err := story(ctx, i); err != nil {
		return err
	}
	// Whoever ends takes its links from those that have not measured yet.
	if err := i.meet(ctx, "finished"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, params.Patience)
	defer cancel()
	return i.node.Stop(ctx)
}

// start shapes the network and runs the node.
func (i *instance) start(ctx context.Context) error {
	if err := i.shape(ctx, true, nil); err != nil {
		return err
	}
	ip := i.net.MustGetDataNetworkIP()
	settings := member.Settings{
		Binary: i.params.Binary, DataDir: filepath.Join(i.env.TestTempPath, fmt.Sprintf("node-%d", i.seq)),
		Listen:    fmt.Sprintf("/ip4/%s/tcp/0", ip),
		Broadcast: i.params.Mechanism, Fluff: i.params.Fluff, Embargo: i.params.Embargo,
	}
	node, err := member.New(settings, filepath.Join(i.env.TestOutputsPath, "node.log"))
	if err != nil {
		return err
	}
	i.node = node
	err = i.patiently(ctx, node.Start)
	if err == nil {
		i.all, err = gather(ctx, i, "contacts", i.count, &Contact{i.seq, node.Addr(), node.ID(), ip.String()})
	}
	if err != nil {
		node.Kill()
		return err
	}
	slices.SortFunc(i.all, func(a, b Contact) int { return a.Seq - b.Seq })
	return nil
}

// patiently does something that may take as long as the plan's patience.
func (i *instance) patiently(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, i.params.Patience, fmt.Errorf("patience of %v is at its end", i.params.Patience))
	defer cancel()
	return do(ctx)
}

// await waits until the condition holds; what says what it is.
func (i *instance) await(ctx context.Context, what string, holds func() bool) error {
	return i.patiently(ctx, func(ctx context.Context) error { return i.node.Await(ctx, what, holds) })
}

// meet waits until all instances are at the same point.
func (i *instance) meet(ctx context.Context, state string) error {
	return i.patiently(ctx, func(ctx context.Context) error {
		if _, err := i.sync.SignalAndWait(ctx, tgsync.State(state), i.count); err != nil {
			return fmt.Errorf("wait for all to be at %q: %w: %w", state, err, context.Cause(ctx))
		}
		return nil
	})
}

// leads says whether this instance is the leader.
func (i *instance) leads() bool { return i.seq == leader }

// say tells people how far the instance is.
func (i *instance) say(format string, args ...any) {
	i.env.RecordMessage(testground.SayPrefix+format, args...)
}

// record keeps a figure.
func (i *instance) record(name string, value float64) { i.env.R().RecordPoint(name, value) }

// recordTime keeps a duration, in milliseconds.
func (i *instance) recordTime(name string, d time.Duration) {
	i.record(name+"_ms", float64(d)/float64(time.Millisecond))
}

// draw returns a source that is the same at every instance, for one purpose.
func (i *instance) draw(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(i.params.Seed, purpose))
}

// What shared draws are for.
const (
	forLinks uint64 = iota
	forSpies
	forLeaving
	forTies
)

// gather returns what count instances publish on a topic; mine, if it is not nil, is
// this one's.
func gather[T any](ctx context.Context, i *instance, topic string, count int, mine *T) (all []T, err error) {
	err = i.patiently(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the subscription
		var zero T
		t := tgsync.NewTopic(topic, zero)
		if mine != nil {
			if _, err := i.sync.Publish(ctx, t, *mine); err != nil {
				return fmt.Errorf("publish %s: %w", topic, err)
			}
		}
		incoming := make(chan T, count)
		if _, err := i.sync.Subscribe(ctx, t, incoming); err != nil {
			return fmt.Errorf("subscribe to %s: %w", topic, err)
		}
		for len(all) < count {
			select {
			case v := <-incoming:
				all = append(all, v)
			case <-ctx.Done():
				return fmt.Errorf("%d of %d published their %s: %w", len(all), count, topic, context.Cause(ctx))
			}
		}
		return nil
	})
	return all, err
}
