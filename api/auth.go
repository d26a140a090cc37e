package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// CookieFile is the cookie's name in the network's folder. Source: bitcoind.
	CookieFile = ".cookie"
	cookieUser = "__cookie__"
	// cookieBytes of chance make guessing hopeless at any rate.
	cookieBytes = 32

	// refusalDelay is how long a wrong password waits for its answer, and
	// maxRefusals how many wait at once: together 64 guesses a second, at the cost
	// of 16 goroutines. Source: bitcoind's 250 ms.
	refusalDelay = 250 * time.Millisecond
	maxRefusals  = 16
)

// auth knows who may call. It keeps digests only: they have one length, so that
// comparing them takes the same time whatever was sent.
type auth struct {
	cookie   string // user:password
	digests  [][sha256.Size]byte
	salted   []salted
	refusing chan struct{}
}

func newAuth(user, password string, lines ...string) *auth {
	secret := make([]byte, cookieBytes)
	rand.Read(secret) // never fails: crypto/rand ends the program instead
	a := &auth{
		cookie:   cookieUser + ":" + hex.EncodeToString(secret),
		refusing: make(chan struct{}, maxRefusals),
	}
	a.digests = append(a.digests, sha256.Sum256([]byte(a.cookie)))
	if user != "" {
		a.digests = append(a.digests, sha256.Sum256([]byte(user+":"+password)))
	}
	for _, line := range lines {
		if s, err := parseSalted(line); err == nil { // Validate has told of errors
			a.salted = append(a.salted, s)
		}
	}
	return a
}

// token is the cookie's secret, which a browser sends as a bearer token.
func (a *auth) token() string { return strings.TrimPrefix(a.cookie, cookieUser+":") }

// allows says whether the request carries the cookie, as password or token, or the user's password.
// It compares with all of them, so that the time does not tell which fits.
func (a *auth) allows(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if token, bears := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bears {
		user, password, ok = cookieUser, token, true
	}
	if !ok {
		return false
	}
	got := sha256.Sum256([]byte(user + ":" + password))
	match := 0
	for _, want := range a.digests {
		match |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	for _, s := range a.salted {
		match |= s.matches(user, password)
	}
	return match == 1
}

// stall waits out the delay of a refusal. False: too many are waiting already.
func (a *auth) stall(ctx context.Context) bool {
	select {
	case a.refusing <- struct{}{}:
	default:
		return false
	}
	defer func() { <-a.refusing }()
	wait := time.NewTimer(refusalDelay)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	return true
}

// writeCookie puts the cookie where clients of this machine's user find it.
// They see the old file or the new one, never a part.
func writeCookie(dir, cookie string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write cookie: %w", err)
	}
	f, err := os.CreateTemp(dir, CookieFile+".*") // 0600 from the first moment on
	if err != nil {
		return fmt.Errorf("write cookie: %w", err)
	}
	_, err = f.WriteString(cookie)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, CookieFile))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write cookie: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// removeCookie deletes the cookie, unless somebody else has written another.
func removeCookie(dir, cookie string) error {
	path := filepath.Join(dir, CookieFile)
	got, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove cookie: %w", err)
	}
	if !bytes.Equal(got, []byte(cookie)) {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove cookie: %w", err)
	}
	return nil
}
