//go:build linux || darwin

package chain

import "golang.org/x/sys/unix"

// freeSpace returns the bytes that this process may still write in the folder.
func freeSpace(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
