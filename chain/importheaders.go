package chain

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/wire/v2"
)

// importHeaders takes the headers of a file's blocks before the blocks, as a sync from
// peers does, so that assume-valid knows at the first block whether the chain leads to
// the named one. It reads the file once more for it, which costs a small part of what
// the scripts would. Whatever is wrong with the file is for the import itself to report.
func (c *Chain) importHeaders(ctx context.Context, file io.ReadSeeker) error {
	begin, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil //nolint:nilerr // a pipe that calls itself a file: without the shortcut then
	}
	frames := newFrameReader(file, c.params.Net)
	headers := make([]wire.BlockHeader, 0, recordHeaders)
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := frames.next()
		if more = err == nil; more {
			var h wire.BlockHeader
			if more = h.Deserialize(bytes.NewReader(f.block)) == nil; more {
				headers = append(headers, h)
			}
		}
		if len(headers) == cap(headers) || !more {
			if _, err := c.AcceptHeaders(localClock{}.AdjustedTime(), headers); err != nil {
				break // out of order, or bad: the blocks tell
			}
			headers = headers[:0]
		}
	}
	if _, err := file.Seek(begin, io.SeekStart); err != nil {
		return fmt.Errorf("return to the file's beginning: %w", err)
	}
	return nil
}
