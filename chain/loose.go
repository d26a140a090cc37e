package chain

import (
	"fmt"
	"io"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Bounds of what is remembered of blocks that came before their parents.
const (
	maxLooseBytes  = 32 << 20 // of blocks in memory
	maxLooseBlocks = 1 << 18  // entries: with their keys about 32 MB; Bitcoin Core's files are out of order by 1,024 blocks
)

// looseBlock is a block without a parent: its bytes, or where to read them again.
type looseBlock struct {
	frame
	size int
}

// looseBlocks holds blocks of a file until their parents come.
type looseBlocks struct {
	file     io.ReaderAt // nil: what does not fit into memory is lost
	byParent map[chainhash.Hash][]looseBlock
	bytes    int
	blocks   int
	lost     int
}

func newLooseBlocks(file io.ReaderAt) *looseBlocks {
	return &looseBlocks{file: file, byParent: make(map[chainhash.Hash][]looseBlock)}
}

// count returns how many blocks never found their parents.
func (l *looseBlocks) count() int { return l.blocks + l.lost }

func (l *looseBlocks) add(f frame) {
	entry := looseBlock{frame: f, size: len(f.block)}
	switch {
	case l.blocks >= maxLooseBlocks, l.file == nil && l.bytes+entry.size > maxLooseBytes:
		l.lost++
		return
	case l.bytes+entry.size > maxLooseBytes:
		entry.block = nil
	default:
		l.bytes += entry.size
	}
	parent := chainhash.Hash(f.block[4 : 4+chainhash.HashSize])
	l.byParent[parent] = append(l.byParent[parent], entry)
	l.blocks++
}

// take returns the blocks that wait for the parent, and forgets them.
func (l *looseBlocks) take(parent chainhash.Hash) ([][]byte, error) {
	waiting, ok := l.byParent[parent]
	if !ok {
		return nil, nil
	}
	delete(l.byParent, parent)
	l.blocks -= len(waiting)
	children := make([][]byte, 0, len(waiting))
	for _, w := range waiting {
		if w.block != nil {
			l.bytes -= w.size
			children = append(children, w.block)
			continue
		}
		raw := make([]byte, w.size)
		if _, err := l.file.ReadAt(raw, w.offset+frameHead); err != nil {
			return nil, fmt.Errorf("read the block at byte %d again: %w", w.offset, err)
		}
		children = append(children, raw)
	}
	return children, nil
}
