package devnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// apiFile holds the dashboard's HOST:PORT, beside the cookie that the API writes. Source:
// design.md §6, which has the same for a node.
const apiFile = "api"

// Rendezvous is the folder in which a user's devnet says how it is reached, if it was not
// told another.
func Rendezvous() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "pappus-devnet")
	}
	return filepath.Join(os.TempDir(), "pappus-devnet-"+strconv.Itoa(os.Getuid()))
}

// place is the folder, held by this process alone.
type place struct {
	dir  string
	lock *os.File
	made bool
}

// claim takes the folder for this process. It must belong to this user alone: whoever can
// write there could have the commands talk with somebody else, and read the password.
func claim(dir string) (*place, error) {
	_, err := os.Lstat(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder %s, in which the devnet says how it is reached: %w", dir, err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", dir, err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || (known && int(owner.Uid) != os.Getuid()) || info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s is not a folder that only you can write to: delete it, or name another with --at", dir)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("a devnet runs already, which is found at %s: stop it, or give this one another folder with --at", dir), lock.Close())
	}
	return &place{dir, lock, made}, nil
}

// write says where the dashboard listens.
func (p *place) write(addr string) error {
	if err := os.WriteFile(filepath.Join(p.dir, apiFile), []byte(addr+"\n"), 0o600); err != nil {
		return fmt.Errorf("say where the devnet is reached: %w", err)
	}
	return nil
}

// release gives the folder back, and deletes it if this process has made it.
func (p *place) release() error {
	err := os.Remove(filepath.Join(p.dir, apiFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	err = errors.Join(err, os.Remove(p.lock.Name()), p.lock.Close())
	if p.made {
		err = errors.Join(err, os.Remove(p.dir))
	}
	return err
}
