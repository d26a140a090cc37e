package muhash

import (
	"crypto/sha256"
	"math/big"
	"math/bits"
	"slices"

	"golang.org/x/crypto/chacha20"
)

// Size of a set's hash, in bytes.
const Size = sha256.Size

// The modulus is 2^numberBits − shortfall, the largest prime of so many bits. Source:
// Bitcoin Core's Num3072 (src/crypto/muhash.cpp).
const (
	numberBits = 3072
	shortfall  = 1103717
)

const (
	numberBytes = numberBits / 8
	numberWords = numberBits / bits.UintSize
)

// Set is the hash of the elements that were inserted. It is not safe for concurrent use.
type Set struct {
	product *big.Int // below 2^3072, perhaps not below the modulus

	// What follows is memory of one insertion, used again by the next.
	wide               *big.Int
	element, low, high big.Int
	shortfall          *big.Int
	raw                [numberBytes]byte
}

// New returns the empty set.
func New() *Set {
	return &Set{product: big.NewInt(1), wide: new(big.Int), shortfall: big.NewInt(shortfall)}
}

// Insert adds an element. One that is inserted twice is in the set twice.
func (s *Set) Insert(data []byte) {
	s.multiply(s.number(data))
}

// number returns an element's number, which the next call overwrites.
func (s *Set) number(data []byte) *big.Int {
	key := sha256.Sum256(data)
	var nonce [chacha20.NonceSize]byte
	stream, err := chacha20.NewUnauthenticatedCipher(key[:], nonce[:])
	if err != nil {
		panic(err) // key and nonce have their lengths
	}
	clear(s.raw[:])
	stream.XORKeyStream(s.raw[:], s.raw[:])
	slices.Reverse(s.raw[:]) // big.Int wants the highest byte first
	return s.element.SetBytes(s.raw[:])
}

func (s *Set) multiply(by *big.Int) {
	s.wide.Mul(s.product, by)
	s.product, s.wide = s.wide, s.product
	// Modulo the prime, 2^3072 is as much as the shortfall: what lies above is multiplied
	// by that and added. Twice is enough but for one in 2^3000.
	for len(s.product.Bits()) > numberWords {
		words := s.product.Bits()
		s.low.SetBits(words[:numberWords])
		s.high.SetBits(words[numberWords:])
		s.wide.Mul(&s.high, s.shortfall)
		s.wide.Add(s.wide, &s.low)
		s.product, s.wide = s.wide, s.product
	}
}

// Sum returns the hash of the set as it is.
func (s *Set) Sum() [Size]byte {
	reduced := new(big.Int).Mod(s.product, modulus())
	raw := reduced.FillBytes(make([]byte, numberBytes))
	slices.Reverse(raw)
	return sha256.Sum256(raw)
}

func modulus() *big.Int {
	m := new(big.Int).Lsh(big.NewInt(1), numberBits)
	return m.Sub(m, big.NewInt(shortfall))
}
