package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/chain"
)

type chainExportCommand struct {
	chainFlags
	From int32  `help:"First height to write." default:"0" placeholder:"HEIGHT"`
	To   int32  `help:"Last height to write; -1 for the tip." default:"-1" placeholder:"HEIGHT"`
	File string `arg:"" help:"File to write, in the framing of bootstrap.dat; - for standard output."`
}

func (*chainExportCommand) examples() [2]string {
	return [2]string{
		"pappus chain export bootstrap.dat",
		"pappus chain export --from 0 --to 100000 - | zstd > first.dat.zst",
	}
}

// exported is the outcome of an export.
type exported struct {
	Blocks int   `json:"blocks"`
	From   int32 `json:"from"`
	To     int32 `json:"to"`
}

// Run writes the file; one of that name is replaced only by a whole new one.
func (c *chainExportCommand) Run(ctx context.Context, g globals, term terminal) error {
	cfg := c.config(g)
	if err := mustExist(cfg); err != nil {
		return err
	}
	var out exported
	err := withChain(ctx, cfg, term, func(ch *chain.Chain) (err error) {
		out, err = c.export(ctx, ch, term)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case c.File == "-":
		return nil // standard output holds the blocks
	case g.JSON:
		return term.printJSON(out)
	default:
		return term.printf("wrote %s, heights %d to %d, to %s\n", api.Count(out.Blocks, "block"), out.From, out.To, c.File)
	}
}

func (c *chainExportCommand) export(ctx context.Context, ch *chain.Chain, term terminal) (exported, error) {
	tip := ch.Tip().Height
	out := exported{From: c.From, To: c.To}
	if c.To == -1 {
		out.To = tip
	}
	if out.From < 0 || out.To > tip || out.From > out.To {
		return out, &usageError{fmt.Errorf("there are no blocks at heights %d to %d: the chain goes from 0 to %d", out.From, out.To, tip)}
	}
	m := newMeter(term.err, time.Now())
	defer m.end()
	write := func(w io.Writer) (err error) {
		p := pace{begin: time.Now(), total: float64(out.To - out.From + 1)}
		buffered := bufio.NewWriterSize(w, 1<<20)
		out.Blocks, err = ch.Export(ctx, buffered, out.From, out.To, func(done, total int) {
			now := time.Now()
			perSecond, eta := p.rate(now, float64(done))
			m.show(now, "exporting: block %d of %d · %.0f blocks/s · ETA %s", done, total, perSecond, eta)
		})
		return errors.Join(err, buffered.Flush())
	}
	if c.File == "-" {
		return out, write(term.out)
	}
	return out, replaceFile(c.File, write)
}

// replaceFile writes a file beside the one of that name and puts it in its place
// when it is whole and on disk.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = write(f)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
