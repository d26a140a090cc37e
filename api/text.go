package api

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/btcsuite/btcd/btcutil/v2"
)

// amount is written as bitcoind does: in whole coins with eight decimals, exact
// where a float64 is not.
type amount btcutil.Amount

// MarshalJSON implements json.Marshaler.
func (a amount) MarshalJSON() ([]byte, error) {
	sign, n := "", int64(a)
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Appendf(nil, "%s%d.%08d", sign, n/btcutil.SatoshiPerBitcoin, n%btcutil.SatoshiPerBitcoin), nil
}

// Count writes a number of things: "1 peer", "2 peers", "0 addresses".
func Count(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return fmt.Sprintf("%d %ses", n, thing)
	default:
		return fmt.Sprintf("%d %ss", n, thing)
	}
}

// days writes how long ago something was: in days when it is more than two.
func days(age time.Duration) string {
	const day = 24 * time.Hour
	if age >= 2*day {
		return Count(int(age/day), "day")
	}
	return age.Truncate(time.Second).String()
}

// printable is a stranger's text as it may be shown: at most that many bytes, no
// control characters, valid UTF-8.
func printable(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// hex32 is a 32-bit number as eight hexadecimal digits.
func hex32(n uint32) string { return fmt.Sprintf("%08x", n) }

// hex64 is a 64-bit number as sixteen hexadecimal digits.
func hex64(n uint64) string { return fmt.Sprintf("%016x", n) }
