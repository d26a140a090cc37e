package chain

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// genesisFrame is the start of every bootstrap.dat of mainnet.
const genesisFrame = "f9beb4d91d0100000100000000000000000000000000000000000000000000000000000000000000" +
	"000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c" +
	"0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d" +
	"0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f6620" +
	"7365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe554827" +
	"1967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d57" +
	"8a4c702b6bf11d5fac00000000"

func genesisBytes(tb testing.TB) []byte {
	tb.Helper()
	var w bytes.Buffer
	if err := chaincfg.MainNetParams.GenesisBlock.Serialize(&w); err != nil {
		tb.Fatal(err)
	}
	return w.Bytes()
}

func TestFrameGolden(t *testing.T) {
	got := hex.EncodeToString(appendFrame(nil, wire.MainNet, genesisBytes(t)))
	if got != genesisFrame {
		t.Errorf("frame %s\nwant  %s", got, genesisFrame)
	}
}

func TestFrameReader(t *testing.T) {
	block := genesisBytes(t)
	one := appendFrame(nil, wire.MainNet, block)
	zeros := make([]byte, 70)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	var network *NetworkError
	for _, x := range []struct {
		name   string
		file   []byte
		frames int
		offset int
		err    error
	}{
		{"an empty file", nil, 0, 0, io.EOF},
		{"nothing but zeros", zeros, 0, len(zeros), io.EOF},
		{"zeros all around", join(zeros, one, zeros, one, zeros), 2, 2*len(one) + 3*len(zeros), io.EOF},
		{"cut off in the start string", join(one, one[:3]), 1, len(one), ErrCutOff},
		{"cut off in the length", join(one, one[:6]), 1, len(one), ErrCutOff},
		{"cut off in the block", join(one, one[:200]), 1, len(one), ErrCutOff},
		{"no file of blocks", []byte("#!/bin/sh\n"), 0, 0, ErrNotBlocks},
		{"garbage later on", join(one, []byte("garbage!")), 1, len(one), ErrDamaged},
		{"a length of nothing", join(one, one[:4], zeros), 1, len(one), ErrDamaged},
		{"a length beyond all limits", join(one, one[:4], []byte{0, 0, 0, 0xff}, one), 1, len(one), ErrDamaged},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := newFrameReader(bytes.NewReader(x.file), wire.MainNet)
			for i := 0; ; i++ {
				f, err := r.next()
				if err == nil && bytes.Equal(f.block, block) && bytes.Equal(x.file[f.offset:f.offset+8], one[:8]) {
					continue
				}
				if i != x.frames || !errors.Is(err, x.err) || r.offset != int64(x.offset) {
					t.Errorf("%d frames, offset %d, error %v", i, r.offset, err)
				}
				return
			}
		})
	}
	r := newFrameReader(bytes.NewReader(one), wire.TestNet)
	if _, err := r.next(); !errors.As(err, &network) || network.Got != wire.MainNet || network.Want != wire.TestNet {
		t.Errorf("another network: %v", err)
	}
}

func FuzzFrameReader(f *testing.F) {
	one := appendFrame(nil, wire.MainNet, genesisBytes(f))
	f.Add(one)
	f.Add(append(make([]byte, 9), one[:100]...))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := newFrameReader(bytes.NewReader(file), wire.MainNet)
		for {
			got, err := r.next()
			if err != nil {
				return
			}
			again := appendFrame(nil, wire.MainNet, got.block)
			if !bytes.Equal(again, file[got.offset:r.offset]) {
				t.Fatal("a frame is not what was in the file")
			}
		}
	})
}
