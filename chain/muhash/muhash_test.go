package muhash

import (
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// text is a hash as bitcoind writes it: the last byte first.
func text(sum [Size]byte) string {
	slices.Reverse(sum[:])
	return hex.EncodeToString(sum[:])
}

// small is the element of Bitcoin Core's tests that stands for a number.
func small(n byte) []byte { return append([]byte{n}, make([]byte, 31)...) }

// The published vector: {0, 1} without 2. Source: Bitcoin Core, muhash_tests of
// src/test/crypto_tests.cpp and test_framework/crypto/muhash.py.
func TestSetHasTheHashOfBitcoinCore(t *testing.T) {
	s := New()
	s.Insert(small(0))
	s.Insert(small(1))
	// A node never takes an element out; the vector does.
	s.multiply(new(big.Int).ModInverse(s.number(small(2)), modulus()))
	if got, want := text(s.Sum()), "10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// The order of elements does not count, how often one comes does, and asking changes nothing.
func TestSetForgetsTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	elements := make([][]byte, 100)
	for i := range elements {
		elements[i] = binary.LittleEndian.AppendUint64(nil, random.Uint64())
	}
	hash := func(elements [][]byte) string {
		s := New()
		for _, e := range elements {
			s.Insert(e)
			s.Sum()
		}
		return text(s.Sum())
	}
	want := hash(elements)
	for range 5 {
		random.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
		if got := hash(elements); got != want {
			t.Fatalf("hash %s in another order, want %s", got, want)
		}
	}
	if hash(elements[1:]) == want || hash(append(elements, elements[0])) == want {
		t.Error("an element less, or one twice, has the same hash")
	}
}

// The product stays right when it passes the modulus, by the least and by the most.
func TestProductIsReduced(t *testing.T) {
	p := modulus()
	full := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), numberBits), big.NewInt(1))
	for name, factors := range map[string][2]*big.Int{
		"all bits set":                {full, full},
		"the modulus":                 {p, full},
		"minus one":                   {new(big.Int).Sub(p, big.NewInt(1)), new(big.Int).Sub(p, big.NewInt(1))},
		"one bit above, nothing else": {new(big.Int).Lsh(big.NewInt(1), numberBits-1), big.NewInt(2)},
	} {
		s := New()
		s.multiply(factors[0])
		s.multiply(factors[1])
		want := new(big.Int).Mul(factors[0], factors[1])
		want.Mod(want, p)
		if got := new(big.Int).Mod(s.product, p); got.Cmp(want) != 0 || s.product.BitLen() > numberBits {
			t.Errorf("%s: product %v, want %v", name, got, want)
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	s := New()
	b.ReportAllocs()
	for b.Loop() {
		s.Insert(s.raw[:75]) // about what an output takes
	}
}
