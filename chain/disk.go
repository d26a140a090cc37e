package chain

import "fmt"

// diskFloor is the free space that is never used. Source: Bitcoin Core's
// nMinDiskSpace, 50 MiB (src/util/fs_helpers.cpp).
const diskFloor = 50 << 20

// maxPending is the most that ffldb holds in memory before it writes, with the copy that
// its journal makes: 100 MB / 1.5 of metadata (database/ffldb, needsFlush), twice. ffldb
// ends the process when that write finds the disk full, so that room is kept for it.
const maxPending = 2 * (100 << 20) * 2 / 3

// diskCheckEvery is how many bytes are accepted between two looks at the disk.
const diskCheckEvery = 1 << 20

// diskWatch refuses blocks before the disk is full. The zero value watches nothing.
type diskWatch struct {
	dir       string
	free      func(dir string) (uint64, error)
	accepted  uint64 // bytes since the start
	unchecked uint64 // bytes since the last look that found room
	full      bool   // look again before the next block
}

func watchDisk(dir string) diskWatch { return diskWatch{dir: dir, free: freeSpace, full: true} }

// room says whether a block of so many bytes may be stored, as [ErrDiskFull] if not.
func (d *diskWatch) room(size int) error {
	if d.free == nil {
		return nil
	}
	d.unchecked += uint64(size)
	if d.full || d.unchecked >= diskCheckEvery {
		if err := d.look(); err != nil {
			return err
		}
		d.unchecked = 0
	}
	d.accepted += uint64(size)
	return nil
}

func (d *diskWatch) look() error {
	free, err := d.free(d.dir)
	if err != nil {
		return fmt.Errorf("look at free disk space: %w", err)
	}
	// What is pending is hardly more than twice what came in.
	need := diskFloor + min(maxPending, 2*(d.accepted+diskCheckEvery))
	d.full = free < need
	if d.full {
		return fmt.Errorf("%w: %s has %d MiB left and %d MiB are kept free", ErrDiskFull, d.dir, free>>20, need>>20)
	}
	return nil
}

// FreeSpace returns the bytes left where the chain is, 0 if that is not known.
func (c *Chain) FreeSpace() uint64 {
	if c.disk.free == nil {
		return 0
	}
	free, err := c.disk.free(c.disk.dir)
	if err != nil {
		return 0
	}
	return free
}

// ample says whether there is room for all that ffldb may hold in memory.
func (d *diskWatch) ample() bool {
	if d.free == nil {
		return true
	}
	free, err := d.free(d.dir)
	return err == nil && free >= diskFloor+maxPending
}
