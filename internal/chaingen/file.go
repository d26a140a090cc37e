package chaingen

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	// version of what is generated: to be raised with every change of the bytes, or
	// old files are taken for new ones. The golden hashes of the tests remind of it.
	version = 1

	// fileSeed of the cached files.
	fileSeed = 1

	// frameBytes before each block in a file: start string and length.
	frameBytes = 8

	// bufferBytes of reading and writing files: a few blocks.
	bufferBytes = 1 << 20
)

// WriteFile generates a chain into a file in the framing of bootstrap.dat: start
// string, length, block; genesis is left out. The file appears when it is whole.
func WriteFile(path string, params *chaincfg.Params, seed uint64, shape Shape) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(writeBlocks(file, params, seed, shape), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(file.Name()))
	}
	return nil
}

func writeBlocks(to io.Writer, params *chaincfg.Params, seed uint64, shape Shape) error {
	w := bufio.NewWriterSize(to, bufferBytes)
	err := Generate(params, seed, shape, func(block *btcutil.Block) error {
		raw, err := block.Bytes()
		if err != nil {
			return err
		}
		frame := binary.LittleEndian.AppendUint32(nil, uint32(params.Net))
		frame = binary.LittleEndian.AppendUint32(frame, uint32(len(raw)))
		if _, err := w.Write(frame); err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

// ReadFile yields the blocks of a file that [WriteFile] wrote, up to the first
// error.
func ReadFile(path string, net wire.BitcoinNet) iter.Seq2[*btcutil.Block, error] {
	return func(yield func(*btcutil.Block, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close() //nolint:errcheck // only read
		r := bufio.NewReaderSize(file, bufferBytes)
		for {
			block, err := readBlock(r, net)
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(block, err) || err != nil {
				return
			}
		}
	}
}

func readBlock(r io.Reader, net wire.BitcoinNet) (*btcutil.Block, error) {
	var frame [frameBytes]byte
	if _, err := io.ReadFull(r, frame[:]); err != nil {
		return nil, err
	}
	if found := wire.BitcoinNet(binary.LittleEndian.Uint32(frame[:])); found != net {
		return nil, fmt.Errorf("start string %08x is not %s's", uint32(found), net)
	}
	size := binary.LittleEndian.Uint32(frame[4:])
	if size > wire.MaxBlockPayload {
		return nil, fmt.Errorf("block of %d bytes is over %d", size, wire.MaxBlockPayload)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, fmt.Errorf("read block: %w", errors.Join(io.ErrUnexpectedEOF, err))
	}
	return btcutil.NewBlockFromBytes(raw)
}

// File returns a file with a simnet chain of the shape. It is made once and kept
// in the user's cache directory, in pappus-chaingen, which may be removed at any time.
func File(tb testing.TB, shape Shape) string {
	tb.Helper()
	params := &chaincfg.SimNetParams
	key := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %+v", version, params.Name, fileSeed, shape.withTimes(params)))
	name := fmt.Sprintf("%s-%d-%x.dat", shape.Name, shape.Blocks, key[:8])
	path := filepath.Join(cacheDir(tb), name)
	switch _, err := os.Stat(path); {
	case err == nil:
		return path
	case !errors.Is(err, fs.ErrNotExist):
		tb.Fatalf("find generated chain: %v", err)
	}
	tb.Logf("generating %s once, %d blocks", path, shape.Blocks)
	if err := WriteFile(path, params, fileSeed, shape); err != nil {
		tb.Fatalf("generate chain: %v", err)
	}
	return path
}

// cacheDir is the test's own where the user has none.
func cacheDir(tb testing.TB) string {
	tb.Helper()
	root, err := os.UserCacheDir()
	if err != nil {
		return tb.TempDir()
	}
	dir := filepath.Join(root, "pappus-chaingen")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatalf("make cache: %v", err)
	}
	return dir
}
