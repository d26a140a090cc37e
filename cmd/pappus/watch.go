package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/client"
)

// toTop moves to the upper left corner and clears what is below it (ECMA-48: CUP, ED).
const toTop = "\x1b[H\x1b[J"

type watchCommand struct {
	Every time.Duration `help:"Time between two looks; without it a second on a terminal, ten elsewhere." placeholder:"TIME"`
	Looks int           `help:"End after so many; 0 goes on until Ctrl-C." default:"0" placeholder:"N"`
}

func (*watchCommand) examples() [2]string {
	return [2]string{
		"pappus watch",
		"pappus watch --every 1m --looks 60 --json",
	}
}

// look is what is seen of the node at once.
type look struct {
	At     time.Time  `json:"at"`
	Health health     `json:"health"`
	Peers  []peerInfo `json:"peers"`
	Pool   struct {
		Size  int     `json:"size"`
		Bytes float64 `json:"bytes"`
		Fee   float64 `json:"mempoolminfee"`
	} `json:"mempool"`
	Totals struct {
		Received float64 `json:"totalbytesrecv"`
		Sent     float64 `json:"totalbytessent"`
	} `json:"traffic"`
}

// Run looks again and again: on a terminal the screen is rewritten, elsewhere each look is
// a line.
func (c *watchCommand) Run(ctx context.Context, g globals, t terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	if c.Every < 0 || c.Looks < 0 {
		return &usageError{errors.New("every and looks cannot be negative")}
	}
	height := screen(t.out)
	every := c.Every
	if every == 0 {
		if every = plainEvery; height > 0 {
			every = time.Second
		}
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var before look
	for n := 1; ; n++ {
		now, err := lookAt(ctx, node, g.Network)
		if ctx.Err() != nil {
			return nil // Ctrl-C is how one leaves
		}
		if err != nil {
			return err
		}
		if err := c.show(t, g.JSON, height, before, now); err != nil {
			return err
		}
		if n == c.Looks {
			return nil
		}
		before = now
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// screen is how many lines a terminal has, 0 for what is none.
func screen(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	const usualHeight = 24 // of one that does not tell its own. Source: VT100
	_, height, err := term.GetSize(int(f.Fd()))
	if err != nil || height <= 0 {
		return usualHeight
	}
	return height
}

func lookAt(ctx context.Context, node *client.Client, network string) (look, error) {
	l := look{At: time.Now()}
	var err error
	if l.Health, err = examine(ctx, node, network); err != nil {
		return l, err
	}
	return l, askAll(ctx, node, question{"getpeerinfo", &l.Peers}, question{"getmempoolinfo", &l.Pool}, question{"getnettotals", &l.Totals})
}

func (c *watchCommand) show(t terminal, json bool, height int, before, now look) error {
	switch {
	case json:
		return t.printJSON(now)
	case height == 0:
		return t.printf("%s %s\n", now.At.UTC().Format(time.RFC3339), now.line(before))
	default:
		var text bytes.Buffer
		if err := (terminal{out: &text, colour: t.colour}).page(before, now); err != nil {
			return err
		}
		lines := strings.SplitAfter(text.String(), "\n")
		return t.printf("%s%s", toTop, strings.Join(lines[:min(len(lines), height-1)], ""))
	}
}

// rates are the bytes a second since the look before, 0 at the first.
func (l look) rates(before look) (in, out float64) {
	seconds := l.At.Sub(before.At).Seconds()
	if before.At.IsZero() || seconds <= 0 {
		return 0, 0
	}
	return max(0, l.Totals.Received-before.Totals.Received) / seconds, max(0, l.Totals.Sent-before.Totals.Sent) / seconds
}

// line is a look for a log.
func (l look) line(before look) string {
	in, out := l.rates(before)
	return fmt.Sprintf("%s · block %d of %d · %s · %s wait · in %s/s · out %s/s", l.Health.State, l.Health.Chain.Blocks, l.Health.Chain.Headers,
		api.Count(len(l.Peers), "peer"), api.Count(l.Pool.Size, "transaction"), size(in), size(out))
}

// page is a look for a screen.
func (t terminal) page(before, now look) error {
	h := now.Health
	in, out := now.rates(before)
	state := t.paint(red, h.State)
	if h.Healthy {
		state = t.paint(green, h.State)
	}
	progress := fmt.Sprintf("%d of %d", h.Chain.Blocks, h.Chain.Headers)
	if h.Sync.Syncing && h.Sync.ETA > 0 {
		progress += fmt.Sprintf(" · %s/s · ETA %s", size(h.Sync.BytesPerSecond), span(time.Duration(h.Sync.ETA)*time.Second))
	}
	if err := t.table([][]string{
		{"pappus", fmt.Sprintf("%s · %s · up %s", h.Chain.Chain, state, span(time.Duration(h.Uptime)*time.Second))},
		{"blocks", fmt.Sprintf("%s · tip %s old · %s on disk", progress, span(max(0, now.At.Sub(time.Unix(h.Chain.Time, 0)))), size(float64(h.Chain.SizeOnDisk)))},
		{"mempool", fmt.Sprintf("%s · %s · least fee %.1f sat/vB", api.Count(now.Pool.Size, "transaction"), size(now.Pool.Bytes), now.Pool.Fee*1e5)},
		{"traffic", fmt.Sprintf("in %s/s · out %s/s · %s and %s in all", size(in), size(out), size(now.Totals.Received), size(now.Totals.Sent))},
		{"peers", fmt.Sprintf("%d inbound, %d outbound", h.Network.Inbound, h.Network.Outbound)},
	}); err != nil {
		return err
	}
	if len(now.Peers) == 0 {
		return nil
	}
	slices.SortStableFunc(now.Peers, func(a, b peerInfo) int { return cmp.Compare(b.Sent+b.Rcvd, a.Sent+a.Rcvd) })
	rows := [][]string{{"HEIGHT", "PING", "SENT", "RECEIVED", "FOR", "LINK", "AGENT", "ADDRESS"}}
	for _, p := range now.Peers {
		rows = append(rows, p.row(now.At))
	}
	if err := t.printf("\n"); err != nil {
		return err
	}
	return t.table(rows)
}
