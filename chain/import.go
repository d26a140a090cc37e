package chain

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/chain/headertree"
)

// ImportResult says what became of a file of blocks.
type ImportResult struct {
	Blocks  int   // stored by this import
	Skipped int   // stored before
	Loose   int   // whole, but their parents are neither stored nor in the file
	Offset  int64 // of the first byte that was not read as a block or padding
	Stopped error // why reading ended there: ErrCutOff, ErrDamaged; nil at the end of the file
}

// ImportProgress is how far an import has come.
type ImportProgress struct {
	Blocks  int
	Skipped int
	Height  int32 // of the tip
	Bytes   int64 // read and dealt with
}

// A batch is what is decoded and checked at once, on another core than validation.
const (
	batchBytes  = 2 << 20 // of blocks, or one block
	batchBlocks = 1000    // half a headers message: the headers of a batch are stored in one write
	batchQueue  = 4       // batches decoded ahead: with those in work about 16 MB of blocks
)

// batch is a run of blocks on its way through the import.
type batch struct {
	frames []frame
	end    int64            // of the last frame
	blocks []*btcutil.Block // nil: stored already
	damage error            // of the block after the last of blocks
	ready  chan struct{}
}

// Import reads blocks in bootstrap.dat framing and accepts them. Blocks may come before
// their parents within bounded memory; if r is also an io.ReaderAt, as a file is, any
// disorder will do. A file that is cut off or damaged in the middle is imported up to
// there. Another network's file is a *[NetworkError], an invalid block a *[BlockError].
// progress may be nil; it is called once per batch.
func (c *Chain) Import(ctx context.Context, r io.Reader, progress func(ImportProgress)) (ImportResult, error) {
	if file, ok := r.(io.ReadSeeker); ok && c.cfg.AssumeValid != nil {
		if err := c.importHeaders(ctx, file); err != nil {
			return ImportResult{}, fmt.Errorf("import blocks: %w", err)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	work := make(chan *batch)
	order := make(chan *batch, batchQueue)
	in := newImporter(c, r, progress)
	// All three end when the file does, or with ctx, which the first error cancels.
	g.Go(func() error {
		defer close(work)
		defer close(order)
		return in.read(ctx, work, order)
	})
	for range 2 {
		g.Go(func() error {
			for b := range work {
				c.decode(b)
			}
			return nil
		})
	}
	g.Go(func() error { return in.connect(ctx, order) })
	err := g.Wait()
	in.result.Loose = in.loose.count()
	if err != nil && !errors.Is(err, errEnough) {
		return in.result, fmt.Errorf("import blocks: %w", err)
	}
	return in.result, nil
}

// errEnough stops the reading ahead after damage.
var errEnough = errors.New("the file is not read any further")

// importer is one import. Its fields but frames belong to connect.
type importer struct {
	chain    *Chain
	frames   *frameReader
	stopped  error // set by read before it closes the channels
	loose    *looseBlocks
	result   ImportResult
	progress func(ImportProgress)
}

func newImporter(c *Chain, r io.Reader, progress func(ImportProgress)) *importer {
	if progress == nil {
		progress = func(ImportProgress) {}
	}
	at, _ := r.(io.ReaderAt)
	return &importer{
		chain:    c,
		frames:   newFrameReader(r, c.params.Net),
		loose:    newLooseBlocks(at),
		progress: progress,
	}
}

// read cuts the file into batches.
func (in *importer) read(ctx context.Context, work, order chan<- *batch) error {
	for {
		b, err := in.nextBatch()
		if len(b.frames) > 0 {
			for _, queue := range []chan<- *batch{order, work} {
				select {
				case queue <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrCutOff), errors.Is(err, ErrDamaged):
			in.stopped = err
			return nil
		default:
			return fmt.Errorf("at byte %d: %w", in.frames.offset, err)
		}
	}
}

func (in *importer) nextBatch() (*batch, error) {
	b := &batch{ready: make(chan struct{})}
	size := 0
	for size < batchBytes && len(b.frames) < batchBlocks {
		f, err := in.frames.next()
		b.end = in.frames.offset
		if err != nil {
			return b, err
		}
		b.frames = append(b.frames, f)
		size += len(f.block)
	}
	return b, nil
}

// decode turns bytes into blocks whose bodies belong to their headers. It stops at the
// first that is none.
func (c *Chain) decode(b *batch) {
	defer close(b.ready)
	b.blocks = make([]*btcutil.Block, 0, len(b.frames))
	for _, f := range b.frames {
		if c.HaveBlock(chainhash.DoubleHashH(f.block[:headerSize])) {
			b.blocks = append(b.blocks, nil)
			continue
		}
		block, err := decodeBlock(f.block)
		if err != nil {
			b.damage = err
			return
		}
		b.blocks = append(b.blocks, block)
	}
}

func decodeBlock(raw []byte) (*btcutil.Block, error) {
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := checkBody(block); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return block, nil
}

// connect accepts the blocks in the file's order.
func (in *importer) connect(ctx context.Context, order <-chan *batch) error {
	for b := range order {
		select {
		case <-b.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := in.connectBatch(ctx, b); err != nil {
			return err
		}
		if b.damage != nil {
			in.result.Offset, in.result.Stopped = b.frames[len(b.blocks)].offset, b.damage
			return errEnough
		}
		in.result.Offset = b.end
		in.progress(ImportProgress{in.result.Blocks, in.result.Skipped, in.chain.Tip().Height, b.end})
	}
	in.result.Offset, in.result.Stopped = in.frames.offset, in.stopped
	return ctx.Err()
}

func (in *importer) connectBatch(ctx context.Context, b *batch) error {
	if err := in.addHeaders(b); err != nil {
		return err
	}
	for i, block := range b.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.result.Offset = b.frames[i].offset
		if err := in.add(ctx, b.frames[i], block); err != nil {
			return fmt.Errorf("at byte %d: %w", b.frames[i].offset, err)
		}
	}
	return nil
}

// addHeaders stores the headers of the batch in one write. A bad one is reported when its
// block is accepted.
func (in *importer) addHeaders(b *batch) error {
	tree := in.chain.Headers()
	var headers []wire.BlockHeader
	fresh := make(map[chainhash.Hash]bool)
	for _, block := range b.blocks {
		if block == nil || tree.Has(*block.Hash()) {
			continue
		}
		header := block.MsgBlock().Header
		if fresh[header.PrevBlock] || tree.Has(header.PrevBlock) {
			fresh[*block.Hash()] = true
			headers = append(headers, header)
		}
	}
	_, err := in.chain.AcceptHeaders(localClock{}.AdjustedTime(), headers)
	if bad := (*headertree.HeaderError)(nil); errors.As(err, &bad) {
		err = nil // Accept meets the same header again and blames its block
	}
	return err
}

// add accepts a block, and those of the file that waited for it.
func (in *importer) add(ctx context.Context, f frame, block *btcutil.Block) error {
	if block == nil {
		in.result.Skipped++
		return in.addChildren(ctx, chainhash.DoubleHashH(f.block[:headerSize]))
	}
	if in.chain.HaveBlock(*block.Hash()) {
		in.result.Skipped++ // twice in the file
		return nil
	}
	err := in.chain.accept(block, false)
	if errors.Is(err, ErrNoParent) {
		in.loose.add(f)
		return nil
	}
	if err != nil {
		return err
	}
	in.result.Blocks++
	return in.addChildren(ctx, *block.Hash())
}

// addChildren accepts what has been waiting for a block, and so on upwards.
func (in *importer) addChildren(ctx context.Context, parent chainhash.Hash) error {
	parents := []chainhash.Hash{parent}
	for len(parents) > 0 {
		children, err := in.loose.take(parents[0])
		if err != nil {
			return err
		}
		parents = parents[1:]
		for _, raw := range children {
			if err := ctx.Err(); err != nil {
				return err
			}
			block, err := decodeBlock(raw)
			if err != nil {
				return err
			}
			if err := in.chain.accept(block, false); err != nil {
				return err
			}
			in.result.Blocks++
			parents = append(parents, *block.Hash())
		}
	}
	return nil
}
