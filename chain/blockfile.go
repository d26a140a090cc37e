package chain

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// ffldb's block files, as its blockio.go and reconcile.go write them:
//
//	%09d.fdb       network u32 LE · length u32 LE · block · CRC-32C u32 BE of all before
//	block row      file u32 LE · offset u32 LE · length of the record u32 LE
//	write cursor   file u32 LE · offset u32 LE · CRC-32C u32 LE of both
const (
	blockFileExt = ".fdb"

	recordHead = 8                          // bytes before the block
	recordTail = crc32.Size                 // bytes after it
	rowSize    = 12                         // bytes
	readAhead  = 1 << 20                    // bytes per read of a file
	headerSize = wire.MaxBlockHeaderPayload // bytes that a block's hash is of
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errBadCursor = errors.New("the write cursor is damaged")
	errBadRecord = errors.New("not a whole block record")
)

// place is a position in the block files.
type place struct {
	file   uint32
	offset uint32
}

// stored is a block found in a file.
type stored struct {
	hash chainhash.Hash
	at   place
	size uint32 // of the record
}

func (s stored) row() []byte {
	row := make([]byte, 0, rowSize)
	row = binary.LittleEndian.AppendUint32(row, s.at.file)
	row = binary.LittleEndian.AppendUint32(row, s.at.offset)
	return binary.LittleEndian.AppendUint32(row, s.size)
}

func (p place) cursor() []byte {
	row := make([]byte, 0, rowSize)
	row = binary.LittleEndian.AppendUint32(row, p.file)
	row = binary.LittleEndian.AppendUint32(row, p.offset)
	return binary.LittleEndian.AppendUint32(row, crc32.Checksum(row, castagnoli))
}

func decodeCursor(row []byte) (place, error) {
	if len(row) != rowSize || crc32.Checksum(row[:8], castagnoli) != binary.LittleEndian.Uint32(row[8:]) {
		return place{}, errBadCursor
	}
	return place{binary.LittleEndian.Uint32(row), binary.LittleEndian.Uint32(row[4:])}, nil
}

func blockFile(dir string, n uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%09d"+blockFileExt, n))
}

// scanFrom returns the whole records at and after a place, and where they end. What
// follows the first damaged record is not looked at: the process died while writing it.
// The files are synced, so that metadata may refer to what was found.
func scanFrom(dir string, net wire.BitcoinNet, from place) (found []stored, end place, err error) {
	end = from
	for at := from; ; at = (place{at.file + 1, 0}) {
		blocks, whole, err := scanFile(dir, net, at)
		if errors.Is(err, os.ErrNotExist) {
			return found, end, nil
		}
		if err != nil {
			return nil, place{}, fmt.Errorf("read %s: %w", blockFile(dir, at.file), err)
		}
		if len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			end = place{last.at.file, last.at.offset + last.size}
			found = append(found, blocks...)
		}
		if !whole {
			return found, end, nil
		}
	}
}

// scanFile reads the records of one file; whole says that nothing is left after them.
func scanFile(dir string, net wire.BitcoinNet, from place) (found []stored, whole bool, err error) {
	f, err := os.Open(blockFile(dir, from.file))
	if err != nil {
		return nil, false, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if _, err := f.Seek(int64(from.offset), io.SeekStart); err != nil {
		return nil, false, err
	}
	r := bufio.NewReaderSize(f, readAhead)
	var record []byte
	for at := from; ; {
		record, err = readRecord(r, net, record)
		if errors.Is(err, io.EOF) {
			return found, true, f.Sync()
		}
		if errors.Is(err, errBadRecord) {
			return found, false, f.Sync()
		}
		if err != nil {
			return nil, false, err
		}
		block := record[recordHead : len(record)-recordTail]
		found = append(found, stored{chainhash.DoubleHashH(block[:headerSize]), at, uint32(len(record))})
		at.offset += uint32(len(record))
	}
}

// readRecord reads one record into the buffer, which it may replace: io.EOF at a clean
// end, errBadRecord if it is cut off or damaged.
func readRecord(r *bufio.Reader, net wire.BitcoinNet, buffer []byte) ([]byte, error) {
	head, err := r.Peek(recordHead)
	if err != nil {
		if errors.Is(err, io.EOF) && len(head) > 0 {
			return buffer, errBadRecord
		}
		return buffer, err
	}
	size := binary.LittleEndian.Uint32(head[4:])
	if binary.LittleEndian.Uint32(head) != uint32(net) || size < headerSize || size > wire.MaxBlockPayload {
		return buffer, errBadRecord
	}
	whole := recordHead + int(size) + recordTail
	if cap(buffer) < whole {
		buffer = make([]byte, whole)
	}
	buffer = buffer[:whole]
	if _, err := io.ReadFull(r, buffer); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return buffer, errBadRecord
		}
		return buffer, err
	}
	body, sum := buffer[:whole-recordTail], buffer[whole-recordTail:]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) {
		return buffer, errBadRecord
	}
	return buffer, nil
}
