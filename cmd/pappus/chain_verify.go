package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/chain"
)

type chainVerifyCommand struct {
	chainFlags
	Depth int32  `help:"Last blocks to look at; 0 for all." default:"0" placeholder:"N"`
	Level string `help:"How closely: read the blocks, check their body as well, or also what is needed to undo them." enum:"read,body,undo" default:"undo"`
}

func (*chainVerifyCommand) examples() [2]string {
	return [2]string{
		"pappus chain verify",
		"pappus chain verify --depth 1000 --level body",
	}
}

// Run looks at stored blocks, newest first, until one is damaged.
func (c *chainVerifyCommand) Run(ctx context.Context, g globals, term terminal) error {
	if c.Depth < 0 {
		return &usageError{fmt.Errorf("depth %d is negative", c.Depth)}
	}
	cfg := c.config(g)
	if err := mustExist(cfg); err != nil {
		return err
	}
	level := map[string]chain.VerifyLevel{"read": chain.VerifyRead, "body": chain.VerifyBody, "undo": chain.VerifyUndo}[c.Level]
	verified := 0
	err := withChain(ctx, cfg, term, func(ch *chain.Chain) (err error) {
		m := newMeter(term.err, time.Now())
		defer m.end()
		begin := time.Now()
		verified, err = ch.Verify(ctx, c.Depth, level, func(done, total int) {
			now := time.Now()
			perSecond, eta := pace{begin, float64(total)}.rate(now, float64(done))
			m.show(now, "verifying: block %d of %d · %.0f blocks/s · ETA %s", done, total, perSecond, eta)
		})
		return err
	})
	if err != nil && verified == 0 {
		return err // perhaps it was not even opened
	}
	if err != nil {
		return fmt.Errorf("after %s that are right: %w", api.Count(verified, "block"), err)
	}
	if g.JSON {
		return term.printJSON(map[string]any{"verified": verified, "level": c.Level})
	}
	return term.printf("%s verified: no damage\n", api.Count(verified, "block"))
}
