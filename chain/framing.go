package chain

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/wire/v2"
)

// bootstrap.dat, and the block files of Bitcoin Core and btcd's tests: records of
//
//	start string u32 LE · length u32 LE · block
//
// with zero bytes before, between and after them.
const frameHead = 8 // bytes before the block

var (
	// ErrNotBlocks says that a file does not begin as a file of blocks does.
	ErrNotBlocks = errors.New("this is not a file of blocks: it does not begin with a network's start string (block files of Bitcoin Core 28 and later are scrambled with the key in xor.dat)")

	// ErrCutOff says that a file ends within a block.
	ErrCutOff = errors.New("the file ends within a block")

	// ErrDamaged says that bytes in the middle of a file are not a block.
	ErrDamaged = errors.New("the bytes there are not a block")
)

// frame is one block of a file.
type frame struct {
	offset int64 // of the start string
	block  []byte
}

// frameReader finds the blocks of one network in a file.
type frameReader struct {
	r      *bufio.Reader
	net    wire.BitcoinNet
	offset int64 // of the next byte
	any    bool  // a block has been found
}

func newFrameReader(r io.Reader, net wire.BitcoinNet) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(r, readAhead), net: net}
}

// next returns the next block; io.EOF after the last one. With any error, offset is
// where the trouble begins.
func (f *frameReader) next() (frame, error) {
	if err := f.skipZeros(); err != nil {
		return frame{}, err
	}
	head, err := f.r.Peek(frameHead)
	if len(head) < 4 {
		return frame{}, f.cutOff(err)
	}
	if net := wire.BitcoinNet(binary.LittleEndian.Uint32(head)); net != f.net {
		return frame{}, f.wrongStart(net)
	}
	if len(head) < frameHead {
		return frame{}, f.cutOff(err)
	}
	size := binary.LittleEndian.Uint32(head[4:])
	if size <= headerSize || size > wire.MaxBlockPayload {
		return frame{}, fmt.Errorf("%w: a length of %d bytes is impossible", ErrDamaged, size)
	}
	// Memory follows what is there, not what is announced: the limit above bounds it.
	record := make([]byte, frameHead+int(size))
	if _, err := io.ReadFull(f.r, record); err != nil {
		return frame{}, f.cutOff(err)
	}
	found := frame{f.offset, record[frameHead:]}
	f.offset += int64(len(record))
	f.any = true
	return found, nil
}

func (f *frameReader) skipZeros() error {
	for {
		b, err := f.r.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return f.r.UnreadByte()
		}
		f.offset++
	}
}

// cutOff tells the end of the file within a block from trouble with reading it.
func (f *frameReader) cutOff(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCutOff
	}
	return err
}

func (f *frameReader) wrongStart(net wire.BitcoinNet) error {
	switch {
	case knownNetwork(net):
		return &NetworkError{Got: net, Want: f.net}
	case f.any:
		return fmt.Errorf("%w: no start string", ErrDamaged)
	default:
		return ErrNotBlocks
	}
}

// appendFrame writes the record of one block.
func appendFrame(dst []byte, net wire.BitcoinNet, block []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(net))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(block)))
	return append(dst, block...)
}
