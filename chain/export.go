package chain

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Export writes the blocks of the main chain at heights [from, to] in bootstrap.dat
// framing, and returns how many. The chain may grow meanwhile. progress may be nil.
func (c *Chain) Export(ctx context.Context, w io.Writer, from, to int32, progress func(done, total int)) (int, error) {
	if from < 0 || to > c.Tip().Height || from > to {
		return 0, fmt.Errorf("export heights %d to %d: the chain has 0 to %d", from, to, c.Tip().Height)
	}
	var buffer []byte
	for height := from; height <= to; height++ {
		done := int(height - from)
		if err := ctx.Err(); err != nil {
			return done, fmt.Errorf("export blocks: %w", err)
		}
		hash, ok := c.BlockHash(height)
		if !ok {
			return done, fmt.Errorf("export block %d: %w", height, errShrunk)
		}
		raw, err := c.StoredBlock(hash)
		if err != nil {
			return done, fmt.Errorf("export block %d: %w", height, err)
		}
		buffer = appendFrame(buffer[:0], c.params.Net, raw)
		if _, err := w.Write(buffer); err != nil {
			return done, fmt.Errorf("export block %d: %w", height, err)
		}
		if progress != nil {
			progress(done+1, int(to-from)+1)
		}
	}
	return int(to-from) + 1, nil
}

var errShrunk = errors.New("the chain was reorganised to below this height")
