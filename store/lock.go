package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// ErrLocked is what every [LockedError] is, for errors.Is.
var ErrLocked = errors.New("data directory is in use")

// LockedError says that another process, or another part of this one, holds
// the data directory.
type LockedError struct {
	PID  int    // of the holder; 0 = it has not written it yet
	Path string // the lock file
}

// Error names the directory and the holder, and says what to do.
func (e *LockedError) Error() string {
	holder := "another process"
	switch e.PID {
	case 0:
	case os.Getpid():
		holder = fmt.Sprintf("this very process (pid %d)", e.PID)
	default:
		holder = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by %s, which holds the file %s: stop it first, or choose another data directory",
		filepath.Dir(e.Path), holder, e.Path)
}

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

const (
	lockName = "lock"

	// maxPIDBytes bounds what is read of a lock file: a pid has at most 20 digits.
	maxPIDBytes = 32
)

// FileLock is a held data directory.
type FileLock struct {
	file *os.File
}

// Lock takes the data directory for this process, creating the directory where
// it is missing. The kernel drops the lock when the process ends in whatever way,
// so a lock file that was left behind never blocks anybody. A directory that is
// taken gives a [*LockedError].
func Lock(dir string) (*FileLock, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, explain(dir, err)
	}
	if err := flock(file); err != nil {
		defer file.Close() //nolint:errcheck // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{PID: readPID(file), Path: path}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := writePID(file, os.Getpid()); err != nil {
		return nil, errors.Join(fmt.Errorf("write pid to %s: %w", path, err), file.Close())
	}
	return &FileLock{file: file}, nil
}

// Release gives the directory back. The file stays: if it were removed, two
// processes could hold locks on two files of the same name.
func (l *FileLock) Release() error {
	err := l.file.Truncate(0)
	if err := errors.Join(err, l.file.Close()); err != nil {
		return fmt.Errorf("release lock: %w", err)
	}
	return nil
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func readPID(file *os.File) int {
	text := make([]byte, maxPIDBytes)
	n, err := file.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text[:n])))
	if err != nil {
		return 0
	}
	return pid
}

// writePID writes first and cuts afterwards, so that a reader finds at no moment
// an empty file where a pid was.
func writePID(file *os.File, pid int) error {
	text := strconv.Itoa(pid) + "\n"
	if _, err := file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return file.Truncate(int64(len(text)))
}
