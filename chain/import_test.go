package chain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

func TestImportMainnet(t *testing.T) {
	t.Parallel()
	c := openTest(t, &chaincfg.MainNetParams)
	f := mainFile(t)
	calls := 0
	result, err := c.Import(t.Context(), f, func(ImportProgress) { calls++ })
	if err != nil {
		t.Fatal(err)
	}
	const length = 16 << 20 // zeros at the end included
	if result != (ImportResult{Blocks: mainHeight, Skipped: 1, Offset: length}) || calls == 0 {
		t.Errorf("first import: %+v, %d calls", result, calls)
	}
	if tip := c.Tip(); tip.Hash.String() != mainTip || tip.Height != mainHeight {
		t.Errorf("tip %v at %d", tip.Hash, tip.Height)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	result, err = c.Import(t.Context(), f, nil)
	if err != nil || result != (ImportResult{Skipped: mainHeight + 1, Offset: length}) {
		t.Errorf("second import: %+v, %v", result, err)
	}

	// What is exported is the file without its padding.
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if n, err := c.Export(t.Context(), &out, 0, mainHeight, nil); err != nil || n != mainHeight+1 {
		t.Fatalf("exported %d: %v", n, err)
	}
	want, err := io.ReadAll(io.LimitReader(f, int64(out.Len())))
	if err != nil || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the export of %d bytes differs: %v", out.Len(), err)
	}
	if _, err := c.Export(t.Context(), &out, 5, mainHeight+1, nil); err == nil {
		t.Error("an export beyond the tip")
	}
}

// bootstrap puts blocks into a file.
func bootstrap(net wire.BitcoinNet, blocks ...*btcutil.Block) []byte {
	var file []byte
	for _, b := range blocks {
		raw, err := b.Bytes()
		if err != nil {
			panic(err)
		}
		file = appendFrame(file, net, raw)
	}
	return file
}

func TestImportCutOffFile(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	blocks := b.Extend(4)
	file := bootstrap(wire.SimNet, blocks...)
	whole := bootstrap(wire.SimNet, blocks[:3]...)
	c := openTest(t, &chaincfg.SimNetParams)
	result, err := c.Import(t.Context(), bytes.NewReader(file[:len(file)-1]), nil)
	if err != nil || result.Blocks != 3 || result.Offset != int64(len(whole)) || !errors.Is(result.Stopped, ErrCutOff) {
		t.Errorf("%+v, %v", result, err)
	}
	// The rest comes with the whole file.
	result, err = c.Import(t.Context(), bytes.NewReader(file), nil)
	if err != nil || result != (ImportResult{Blocks: 1, Skipped: 3, Offset: int64(len(file))}) {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestImportDamagedFile(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	blocks := b.Extend(4)
	whole := len(bootstrap(wire.SimNet, blocks[:2]...))
	for _, x := range []struct {
		name string
		at   int // byte of the third frame that is changed
	}{
		{"the block's last byte", len(bootstrap(wire.SimNet, blocks[2])) - 1},
		{"the number of transactions", frameHead + headerSize},
		{"the header's merkle root", frameHead + 40},
	} {
		file := bootstrap(wire.SimNet, blocks...)
		file[whole+x.at] ^= 0xff
		c := openTest(t, &chaincfg.SimNetParams)
		// Much more follows than is read ahead.
		file = append(file, bytes.Repeat(file, 5000)...)
		result, err := c.Import(t.Context(), bytes.NewReader(file), nil)
		if err != nil || result.Blocks != 2 || result.Offset != int64(whole) || !errors.Is(result.Stopped, ErrDamaged) {
			t.Errorf("%s: %+v, %v", x.name, result, err)
		}
	}
}

func TestImportRefusesOtherFiles(t *testing.T) {
	c := openTest(t, &chaincfg.SimNetParams)
	var network *NetworkError
	_, err := c.Import(t.Context(), mainFile(t), nil)
	if !errors.As(err, &network) || !strings.Contains(err.Error(), "mainnet") || !strings.Contains(err.Error(), "simnet") {
		t.Errorf("mainnet's file: %v", err)
	}
	if _, err := c.Import(t.Context(), strings.NewReader("PK\x03\x04 something else"), nil); !errors.Is(err, ErrNotBlocks) {
		t.Errorf("no block file: %v", err)
	}
}

func TestImportStopsAtAnInvalidBlock(t *testing.T) {
	b := simnetBuilder()
	good := b.Chain()
	bad := b.Broken(chaingen.BadSubsidy)
	c := openTest(t, &chaincfg.SimNetParams)
	_, err := c.Import(t.Context(), bytes.NewReader(bootstrap(wire.SimNet, append(good, bad)...)), nil)
	wantBlame(t, err, *bad.Hash(), events.InvalidBlock)
	if c.Tip().Height != int32(len(good)) {
		t.Errorf("tip %+v", c.Tip())
	}
}

// onlyReader hides that a reader can do more.
type onlyReader struct{ io.Reader }

func TestImportInAnyOrder(t *testing.T) {
	t.Parallel()
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	blocks := b.Extend(1500) // more than a batch
	b.Fork(1490)
	side := b.Extend(3)
	all := slices.Concat(side, blocks[:1490], blocks[1490:])
	slices.Reverse(all)
	stray := chaingen.NewBuilder(&chaincfg.SimNetParams, 2).Extend(2)[1]
	file := bootstrap(wire.SimNet, append(all, stray, all[3])...)
	for _, r := range []io.Reader{bytes.NewReader(file), onlyReader{bytes.NewReader(file)}} {
		c := openTest(t, &chaincfg.SimNetParams)
		result, err := c.Import(t.Context(), r, nil)
		if err != nil || result != (ImportResult{Blocks: 1503, Skipped: 1, Loose: 1, Offset: int64(len(file))}) {
			t.Errorf("%+v, %v", result, err)
		}
		if c.Tip().Hash != *blocks[1499].Hash() {
			t.Errorf("tip %+v", c.Tip())
		}
	}
}

func TestLooseBlocksAreBounded(t *testing.T) {
	big := make([]byte, 3<<20)
	file := bytes.NewReader(make([]byte, 200<<20))
	for _, x := range []struct {
		file io.ReaderAt
		lost int
	}{{nil, 10}, {file, 0}} {
		l := newLooseBlocks(x.file)
		for i := range 20 {
			l.add(frame{offset: int64(i * len(big)), block: big})
		}
		if l.bytes > maxLooseBytes || l.lost != x.lost || l.count() != 20 {
			t.Errorf("%d bytes, %d lost of %d", l.bytes, l.lost, l.count())
		}
		got, err := l.take([32]byte{})
		if err != nil || len(got) != 20-x.lost || l.bytes != 0 || l.blocks != 0 {
			t.Errorf("%d taken, %d bytes left: %v", len(got), l.bytes, err)
		}
	}
}

func TestImportIsCancelled(t *testing.T) {
	c := openTest(t, &chaincfg.MainNetParams)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Import(ctx, mainFile(t), func(ImportProgress) { cancel() })
	if !errors.Is(err, context.Canceled) || c.Tip().Height == mainHeight {
		t.Errorf("at height %d: %v", c.Tip().Height, err)
	}
}
