package node

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// parseAssumeValid reads HASH:HEIGHT; the zero hash means off.
func parseAssumeValid(s string) (chainhash.Hash, int32, error) {
	if s == "" {
		return chainhash.Hash{}, 0, nil
	}
	const form = "write it as HASH:HEIGHT, as in 000000…1c:14131"
	text, number, found := strings.Cut(s, ":")
	if !found {
		return chainhash.Hash{}, 0, fmt.Errorf("assume-valid %q has no height: %s", s, form)
	}
	if len(text) != 2*chainhash.HashSize {
		return chainhash.Hash{}, 0, fmt.Errorf("assume-valid %q: the hash has %d characters, not 64: %s", s, len(text), form)
	}
	hash, err := chainhash.NewHashFromStr(text)
	if err != nil {
		return chainhash.Hash{}, 0, fmt.Errorf("assume-valid %q: %w: %s", s, err, form)
	}
	height, err := strconv.ParseInt(number, 10, 32)
	if err != nil || height < 1 {
		return chainhash.Hash{}, 0, fmt.Errorf("assume-valid %q: the height is not a number above 0: %s", s, form)
	}
	return *hash, int32(height), nil
}

// parseWork reads a 256-bit hexadecimal number; empty means zero.
func parseWork(s string) (*big.Int, error) {
	digits := strings.TrimPrefix(s, "0x")
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) > 32 {
		return nil, fmt.Errorf("min-chain-work %q is not a hexadecimal number of at most 64 digits", s)
	}
	return new(big.Int).SetBytes(raw), nil
}
