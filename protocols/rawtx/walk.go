package rawtx

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Wire's decoder makes room for as many inputs, outputs and witness items as a
// message claims, up to 150 MB for a hundred bytes. Whatever it is given has
// therefore been walked over here first: what is claimed is there.

// The least that these take, in bytes: with empty scripts.
const (
	minTx     = 4 + 1 + 1 + 4 // version, no inputs, no outputs, lock time
	minInput  = outPoint + 1 + sequence
	minOutput = amount + 1
	minItem   = 1

	outPoint = chainhash.HashSize + 4
	sequence = 4
	amount   = 8
)

// SkipAll steps over a block's transactions and returns what follows them. It
// says whether the counts and lengths fit the bytes, and nothing else of them.
func SkipAll(b []byte) (rest []byte, err error) {
	return skipEach(b, minTx, Skip)
}

// Skip steps over a transaction and returns what follows it.
func Skip(b []byte) ([]byte, error) {
	b, err := skip(b, 4) // version
	if err != nil {
		return nil, err
	}
	witness := len(b) > 1 && b[0] == 0 // the marker of BIP 144, where a count of inputs would be
	if witness {
		b = b[2:]
	}
	inputs, _, err := count(b, minInput)
	if err != nil {
		return nil, fmt.Errorf("inputs: %w", err)
	}
	if b, err = skipEach(b, minInput, skipInput); err != nil {
		return nil, fmt.Errorf("inputs: %w", err)
	}
	if b, err = skipEach(b, minOutput, skipOutput); err != nil {
		return nil, fmt.Errorf("outputs: %w", err)
	}
	for i := uint64(0); witness && i < inputs; i++ {
		if b, err = skipEach(b, minItem, skipBytes); err != nil {
			return nil, fmt.Errorf("witness of input %d: %w", i, err)
		}
	}
	return skip(b, 4) // lock time
}

func skipInput(b []byte) ([]byte, error) {
	b, err := skip(b, outPoint)
	if err == nil {
		b, err = skipBytes(b)
	}
	if err != nil {
		return nil, err
	}
	return skip(b, sequence)
}

func skipOutput(b []byte) ([]byte, error) {
	b, err := skip(b, amount)
	if err != nil {
		return nil, err
	}
	return skipBytes(b)
}

// skipBytes steps over a length and so many bytes.
func skipBytes(b []byte) ([]byte, error) {
	n, b, err := count(b, 1)
	if err != nil {
		return nil, err
	}
	return b[n:], nil
}

// skipEach steps over a count and so many things of at least that size.
func skipEach(b []byte, least int, one func([]byte) ([]byte, error)) ([]byte, error) {
	n, b, err := count(b, least)
	for i := uint64(0); err == nil && i < n; i++ {
		b, err = one(b)
	}
	return b, err
}

// count reads how many things of at least that size follow.
func count(b []byte, least int) (uint64, []byte, error) {
	if len(b) == 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	size := 0
	switch b[0] {
	case 0xfd:
		size = 2
	case 0xfe:
		size = 4
	case 0xff:
		size = 8
	}
	if len(b) < 1+size {
		return 0, nil, io.ErrUnexpectedEOF
	}
	n := uint64(b[0])
	if size > 0 {
		var wide [8]byte
		copy(wide[:], b[1:1+size])
		n = binary.LittleEndian.Uint64(wide[:])
	}
	b = b[1+size:]
	if n > uint64(len(b)/least) { // a length
		return 0, nil, fmt.Errorf("%d in %d bytes: %w", n, len(b), io.ErrUnexpectedEOF)
	}
	return n, b, nil
}

func skip(b []byte, n int) ([]byte, error) {
	if len(b) < n {
		return nil, io.ErrUnexpectedEOF
	}
	return b[n:], nil
}
