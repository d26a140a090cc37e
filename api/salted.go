package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// saltBytes is how much chance goes into a salt. Source: Bitcoin Core's
// share/rpcauth/rpcauth.py.
const saltBytes = 16

// salted is one user as bitcoind's -rpcauth writes it: what is stored does not tell the
// password.
type salted struct {
	user [sha256.Size]byte // a digest, so that comparing takes the same time for any name
	salt []byte
	hash []byte
}

// parseSalted reads USER:SALT$HASH.
func parseSalted(line string) (salted, error) {
	user, rest, named := strings.Cut(line, ":")
	salt, digits, found := strings.Cut(rest, "$")
	hash, err := hex.DecodeString(digits)
	if !named {
		user = "…" // perhaps a password
	}
	if !named || !found || user == "" || salt == "" || err != nil || len(hash) != sha256.Size {
		return salted{}, fmt.Errorf("rpcauth for %q is not USER:SALT$HASH with a hash of 64 hexadecimal digits: make it with `pappus rpcauth USER`", clip(user))
	}
	return salted{user: sha256.Sum256([]byte(user)), salt: []byte(salt), hash: hash}, nil
}

// matches is 1 for the right user and password, else 0; the time it takes does not tell
// how far it was right.
func (s salted) matches(user, password string) int {
	named := sha256.Sum256([]byte(user))
	return subtle.ConstantTimeCompare(named[:], s.user[:]) & subtle.ConstantTimeCompare(saltedHash(s.salt, password), s.hash)
}

// saltedHash is HMAC-SHA-256 of the password, keyed with the salt's text. Source: Bitcoin
// Core's CheckUserAuthorized (src/httprpc.cpp).
func saltedHash(salt []byte, password string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(password))
	return mac.Sum(nil)
}

// SaltedUser returns a user's line for --rpcauth.
func SaltedUser(user, password string) string {
	chance := make([]byte, saltBytes)
	rand.Read(chance) // never fails: crypto/rand ends the program instead
	salt := hex.EncodeToString(chance)
	return user + ":" + salt + "$" + hex.EncodeToString(saltedHash([]byte(salt), password))
}
