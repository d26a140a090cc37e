package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pappus-network/pappus/testground/tally"
)

// settle is how long instances wait between having links and sending: gossipsub's
// meshes form with its heartbeats, one a second, of which three suffice.
const settle = 3 * time.Second

// Sent is a transaction that an instance has sent.
type Sent struct {
	Tx  string
	Seq int
	At  int64 // nanoseconds since 1970, by the sender's clock
}

// Arrivals are when an instance had each transaction in its mempool.
type Arrivals struct {
	Seq int
	At  map[string]int64
}

// broadcasting: every instance sends transactions, round by round, and each must reach
// every other.
func broadcasting(ctx context.Context, i *instance) error {
	everybody := make([]int, 0, i.count)
	for seq := 1; seq <= i.count; seq++ {
		everybody = append(everybody, seq)
	}
	coins, err := i.prepare(ctx, i.params.Txs*len(everybody))
	if err != nil {
		return err
	}
	var sent []Sent
	for round := range i.params.Txs {
		now, err := i.round(ctx, round, everybody, coins)
		if err != nil {
			return err
		}
		sent = append(sent, now...)
	}
	return i.measure(ctx, sent)
}

// prepare gives the network coins and links.
func (i *instance) prepare(ctx context.Context, coins int) ([]Coin, error) {
	all, err := i.fund(ctx, coins)
	if err != nil {
		return nil, err
	}
	if err := i.connect(ctx); err != nil {
		return nil, err
	}
	tip, err := i.announceTip(ctx, "funded-tip")
	if err != nil {
		return nil, err
	}
	if err := i.reach(ctx, tip.Block); err != nil {
		return nil, err
	}
	return all, pause(ctx, settle)
}

// round has each sender send one transaction, all at once, and waits until they are
// here.
func (i *instance) round(ctx context.Context, n int, senders []int, coins []Coin) ([]Sent, error) {
	if err := i.meet(ctx, fmt.Sprintf("ready for round %d", n)); err != nil {
		return nil, err
	}
	var mine *Sent
	if k := slices.Index(senders, i.seq); k >= 0 {
		s, err := i.send(ctx, coins[n*len(senders)+k])
		if err != nil {
			return nil, err
		}
		mine = &s
	}
	sent, err := gather(ctx, i, fmt.Sprintf("sent-%d", n), len(senders), mine)
	if err != nil {
		return nil, err
	}
	return sent, i.have(ctx, sent)
}

// send hands the node a transaction that spends a coin.
func (i *instance) send(ctx context.Context, c Coin) (s Sent, err error) {
	tx, err := spend(c)
	if err != nil {
		return s, err
	}
	s = Sent{Tx: tx.Hash().String(), Seq: i.seq, At: time.Now().UnixNano()}
	err = i.patiently(ctx, func(ctx context.Context) error { return i.node.Send(ctx, tx) })
	if err != nil {
		return s, fmt.Errorf("send transaction %s: %w", s.Tx, err)
	}
	return s, nil
}

// have waits until the transactions are in the mempool.
func (i *instance) have(ctx context.Context, sent []Sent) error {
	missing := slices.Clone(sent)
	err := i.await(ctx, "have all transactions", func() bool {
		missing = slices.DeleteFunc(missing, func(s Sent) bool {
			_, ok := i.node.Diary.Accepted(s.Tx)
			return ok
		})
		return len(missing) == 0
	})
	if err != nil {
		return fmt.Errorf("%d of %d transactions have not come, the first is %s of number %d: %w", len(missing), len(sent), missing[0].Tx, missing[0].Seq, err)
	}
	return nil
}

// measure records how long the transactions took, here and, at the leader, everywhere.
// Clocks of several machines would have to agree.
func (i *instance) measure(ctx context.Context, sent []Sent) error {
	mine := Arrivals{i.seq, make(map[string]int64)}
	for _, s := range sent {
		at, ok := i.node.Diary.Accepted(s.Tx)
		if !ok || s.Seq == i.seq {
			continue
		}
		mine.At[s.Tx] = at.UnixNano()
		i.recordTime("arrival", time.Duration(at.UnixNano()-s.At))
	}
	all, err := gather(ctx, i, "arrivals", i.count, &mine)
	if err != nil || !i.leads() {
		return err
	}
	times := make([][]time.Duration, 0, len(sent))
	for _, s := range sent {
		var of []time.Duration
		for _, a := range all {
			if at, ok := a.At[s.Tx]; ok {
				of = append(of, time.Duration(at-s.At))
			}
		}
		times = append(times, of)
	}
	m := tally.Measure(times)
	i.recordTime("t50", m.T50)
	i.recordTime("t90", m.T90)
	i.recordTime("all", m.All)
	i.say("%d transactions by %s reached all: medians t50 %v, t90 %v, all %v", len(sent), i.params.Mechanism,
		m.T50.Round(time.Millisecond), m.T90.Round(time.Millisecond), m.All.Round(time.Millisecond))
	return nil
}

// pause waits a while.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
