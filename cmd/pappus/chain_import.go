package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/chain"
)

type chainImportCommand struct {
	chainFlags
	File string `arg:"" help:"File of blocks in the framing of bootstrap.dat; - for standard input."`
}

func (*chainImportCommand) examples() [2]string {
	return [2]string{
		"pappus chain import bootstrap.dat",
		"pappus chain import --network regtest --datadir ./a blocks.dat",
	}
}

// imported is the outcome of an import.
type imported struct {
	Imported int    `json:"imported"`
	Known    int    `json:"known"` // stored before
	Loose    int    `json:"loose"` // left out: no parents
	Height   int32  `json:"height"`
	Tip      string `json:"tip"`
	Offset   int64  `json:"offset"` // where reading ended
}

// Run imports the file as far as it goes.
func (c *chainImportCommand) Run(ctx context.Context, g globals, term terminal) error {
	source, err := c.open()
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // it was only read
	var total float64
	if info, err := source.Stat(); err == nil && info.Mode().IsRegular() {
		total = float64(info.Size())
	}
	var out imported
	var stopped error
	err = withChain(ctx, c.config(g), term, func(ch *chain.Chain) error {
		m := newMeter(term.err, time.Now())
		defer m.end()
		p := pace{begin: time.Now(), total: total}
		result, err := ch.Import(ctx, source, func(at chain.ImportProgress) {
			now := time.Now()
			perSecond, eta := p.rate(now, float64(at.Bytes))
			m.show(now, "importing: height %d · %.1f %% of the file · %s/s · ETA %s", at.Height, p.share(float64(at.Bytes)), size(perSecond), eta)
		})
		tip := ch.Tip()
		out = imported{
			Imported: result.Blocks, Known: result.Skipped, Loose: result.Loose,
			Height: tip.Height, Tip: tip.Hash.String(), Offset: result.Offset,
		}
		stopped = result.Stopped
		return err
	})
	if out.Tip == "" {
		return err // nothing was even begun
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = fmt.Errorf("stopped at byte %d: interrupted: run it again to go on from there", out.Offset)
	}
	return errors.Join(c.report(out, g, term), c.verdict(out, stopped, err))
}

func (c *chainImportCommand) open() (*os.File, error) {
	if c.File == "-" {
		return os.Stdin, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, fmt.Errorf("open the file of blocks: %w", err)
	}
	return f, nil
}

func (*chainImportCommand) report(out imported, g globals, term terminal) error {
	if g.JSON {
		return term.printJSON(out)
	}
	return term.printf("imported %s, %d known already; the chain is at height %d, tip %s\n",
		api.Count(out.Imported, "block"), out.Known, out.Height, out.Tip)
}

// verdict says what kept the import from taking the whole file.
func (c *chainImportCommand) verdict(out imported, stopped, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.File, err) // it says where
	case stopped != nil:
		return fmt.Errorf("%s: stopped at byte %d: %w; what was whole before it is imported", c.File, out.Offset, stopped)
	case out.Loose > 0:
		return fmt.Errorf("%s: %s left out: their parents are neither stored nor in the file", c.File, api.Count(out.Loose, "block"))
	}
	return nil
}
