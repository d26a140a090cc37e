package chain

import (
	"errors"
	"fmt"
	"math"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// What btcd's database keeps of an unspent output. Source: blockchain/chainio.go and
// compress.go of btcd, whose form is Bitcoin Core's of before 0.15 but for the key:
//
//	key    32 bytes transaction id · varint index
//	value  varint 2 × height + 1 if coinbase · varint amount, shortened · varint kind · script or what is left of it
//
// Its varints have the highest bits first, and no number has two forms.

var errStored = errors.New("a stored output cannot be decoded")

// storedVarint takes a varint off the front of raw.
func storedVarint(raw []byte) (n uint64, rest []byte, err error) {
	for i, b := range raw {
		if n > math.MaxUint64>>7-1 {
			break
		}
		n = n<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return n, raw[i+1:], nil
		}
		n++
	}
	return 0, nil, fmt.Errorf("%w: a number is cut off or too large", errStored)
}

func storedOutPoint(key []byte) (out wire.OutPoint, err error) {
	if len(key) < chainhash.HashSize {
		return out, fmt.Errorf("%w: a key of %d bytes", errStored, len(key))
	}
	copy(out.Hash[:], key)
	index, rest, err := storedVarint(key[chainhash.HashSize:])
	if err == nil && (len(rest) > 0 || index > math.MaxUint32) {
		err = fmt.Errorf("%w: key %x", errStored, key)
	}
	out.Index = uint32(index)
	return out, err
}

func storedOutput(value []byte) (Output, error) {
	code, rest, err := storedVarint(value)
	if err != nil {
		return Output{}, err
	}
	short, rest, err := storedVarint(rest)
	if err != nil {
		return Output{}, err
	}
	amount := lengthen(short)
	if code>>1 > math.MaxInt32 || amount > btcutil.MaxSatoshi {
		return Output{}, fmt.Errorf("%w: height %d, amount %d", errStored, code>>1, amount)
	}
	script, err := storedScript(rest)
	return Output{Value: btcutil.Amount(amount), Script: script, Height: int32(code >> 1), Coinbase: code&1 == 1}, err
}

// lengthen undoes what is done to amounts because most end in zeros: up to nine of them
// are counted, and the digit before is told apart since it is none.
func lengthen(short uint64) uint64 {
	if short == 0 {
		return 0
	}
	rest, zeros := (short-1)/10, (short-1)%10
	amount := rest + 1
	if zeros < 9 {
		amount = rest/9*10 + rest%9 + 1
	}
	for ; zeros > 0 && amount <= btcutil.MaxSatoshi; zeros-- {
		amount *= 10
	}
	return amount
}

// Kinds of scripts that are not kept in full. From fullScript on, the kind is the length
// of the script that follows, with fullScript added.
const (
	pubKeyHash = 0
	scriptHash = 1
	// The four between are for public keys: the form's first byte, and for keys that were
	// in full the same byte with 2 added, of which only x is kept.
	evenKey, oddKey         = 2, 3
	evenFullKey, oddFullKey = 4, 5
	fullScript              = 6
)

func storedScript(raw []byte) ([]byte, error) {
	kind, rest, err := storedVarint(raw)
	if err != nil {
		return nil, err
	}
	want := uint64(20) // a hash
	switch {
	case kind >= fullScript:
		want = kind - fullScript
	case kind >= evenKey:
		want = 32 // x
	}
	if uint64(len(rest)) != want {
		return nil, fmt.Errorf("%w: a script of kind %d with %d bytes", errStored, kind, len(rest))
	}
	switch kind {
	case pubKeyHash:
		return txscript.NewScriptBuilder().AddOp(txscript.OP_DUP).AddOp(txscript.OP_HASH160).AddData(rest).
			AddOp(txscript.OP_EQUALVERIFY).AddOp(txscript.OP_CHECKSIG).Script()
	case scriptHash:
		return txscript.NewScriptBuilder().AddOp(txscript.OP_HASH160).AddData(rest).AddOp(txscript.OP_EQUAL).Script()
	case evenKey, oddKey, evenFullKey, oddFullKey:
		return storedKey(byte(kind), rest)
	default:
		return rest, nil
	}
}

// storedKey is the script that pays to a bare public key.
func storedKey(kind byte, x []byte) ([]byte, error) {
	full := kind == evenFullKey || kind == oddFullKey
	if full {
		kind -= 2
	}
	key := append([]byte{kind}, x...)
	if full {
		point, err := btcec.ParsePubKey(key)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errStored, err)
		}
		key = point.SerializeUncompressed()
	}
	return txscript.NewScriptBuilder().AddData(key).AddOp(txscript.OP_CHECKSIG).Script()
}
