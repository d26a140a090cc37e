package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// dirMode keeps keys, peers and unsent transactions from the machine's other users.
const dirMode = 0o700

// makeDir creates the directory and its parents. One that is there keeps its mode:
// the operator may have chosen it.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return explain(dir, err)
	}
	return nil
}

// explain turns what the system says about a directory into what to do about it.
func explain(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("data directory %s: it, or a part of its path, is a file; choose another data directory: %w", dir, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("data directory %s is not writable for this user; change its owner or choose another data directory: %w", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("data directory %s: the disk is full; free some space and start again, nothing is lost: %w", dir, err)
	default:
		return fmt.Errorf("open data directory %s: %w", dir, err)
	}
}
