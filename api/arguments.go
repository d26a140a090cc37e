package api

import (
	"encoding/hex"
	"encoding/json"
	"math"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// arguments are the parameters of one call, in the order of its method's table
// row. Each reader takes the position.
type arguments struct {
	method *method
	values []json.RawMessage
}

// given says whether the caller passed the argument; null counts as not.
func (a arguments) given(i int) bool {
	kind := kindOf(a.values[i])
	return kind != "" && kind != "null"
}

func (a arguments) wrongType(i int, want string) *btcjson.RPCError {
	return refuse(btcjson.ErrRPCType, "Wrong type passed: position %d (%s): JSON value of type %s is not of expected type %s",
		i+1, a.method.args[i].name, kindOf(a.values[i]), want)
}

// text reads a string.
func (a arguments) text(i int) (string, error) {
	var s string
	if kindOf(a.values[i]) != "string" || json.Unmarshal(a.values[i], &s) != nil {
		return "", a.wrongType(i, "string")
	}
	return s, nil
}

// integer reads a whole number.
func (a arguments) integer(i int) (int64, error) {
	if kindOf(a.values[i]) != "number" {
		return 0, a.wrongType(i, "number")
	}
	var n int64
	if err := json.Unmarshal(a.values[i], &n); err != nil {
		return 0, refuse(btcjson.ErrRPCMisc, "%s: JSON integer out of range", a.method.args[i].name)
	}
	return n, nil
}

// flag reads a boolean that may be left out.
func (a arguments) flag(i int, otherwise bool) (bool, error) {
	if !a.given(i) {
		return otherwise, nil
	}
	if kindOf(a.values[i]) != "boolean" {
		return false, a.wrongType(i, "bool")
	}
	return a.values[i][0] == 't', nil
}

// level reads a verbosity, which was a boolean once and still may be.
func (a arguments) level(i int, otherwise int64) (int64, error) {
	switch {
	case !a.given(i):
		return otherwise, nil
	case kindOf(a.values[i]) != "boolean":
		return a.integer(i)
	case a.values[i][0] == 't':
		return 1, nil
	default:
		return 0, nil
	}
}

// hash reads 64 hexadecimal digits.
func (a arguments) hash(i int) (chainhash.Hash, error) {
	s, err := a.text(i)
	if err != nil {
		return chainhash.Hash{}, err
	}
	name := a.method.args[i].name
	if len(s) != 2*chainhash.HashSize {
		return chainhash.Hash{}, refuse(btcjson.ErrRPCInvalidParameter, "%s must be of length %d (not %d, for '%s')", name, 2*chainhash.HashSize, len(s), clip(s))
	}
	h, err := chainhash.NewHashFromStr(s)
	if err != nil {
		return chainhash.Hash{}, refuse(btcjson.ErrRPCInvalidParameter, "%s must be hexadecimal string (not '%s')", name, clip(s))
	}
	return *h, nil
}

// bytes reads a string of hexadecimal digits; what names it in the error.
func (a arguments) bytes(i int, what string) ([]byte, error) {
	s, err := a.text(i)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCDeserialization, "%s decode failed: not a hexadecimal string", what)
	}
	return raw, nil
}

// number reads a number that may have a fraction.
func (a arguments) number(i int) (float64, error) {
	var f float64
	if kindOf(a.values[i]) != "number" || json.Unmarshal(a.values[i], &f) != nil || math.IsInf(f, 0) {
		return 0, a.wrongType(i, "number")
	}
	return f, nil
}

// clip shortens what is quoted in an error, and drops what is not printable.
func clip(s string) string { return printable(s, 80) }
