package chain

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

func TestFullDiskLosesNothing(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	blocks := b.Extend(3)
	mustAccept(t, c, blocks[0])
	free := uint64(diskFloor)
	c.disk.free = func(string) (uint64, error) { return free, nil }
	c.disk.full = true
	for range 2 {
		if err := c.Accept(chaingen.Copy(blocks[1])); !errors.Is(err, ErrDiskFull) {
			t.Fatal(err)
		}
	}
	if c.Tip().Height != 1 || c.Headers().Invalid(*blocks[1].Hash()) {
		t.Errorf("tip %+v", c.Tip())
	}
	free = 1 << 40
	mustAccept(t, c, blocks...)
}

func TestDiskIsLookedAtOncePerMegabyte(t *testing.T) {
	looks := 0
	d := diskWatch{full: true, free: func(string) (uint64, error) { looks++; return 1 << 40, nil }}
	for range 100 {
		if err := d.room(100_000); err != nil {
			t.Fatal(err)
		}
	}
	if looks < 8 || looks > 11 {
		t.Errorf("%d looks for 10 MB", looks)
	}
	// What is in memory still has to fit: 50 MiB are not enough any more.
	d.full, d.free = true, func(string) (uint64, error) { return diskFloor + 1<<20, nil }
	if err := d.room(1); !errors.Is(err, ErrDiskFull) {
		t.Error(err)
	}
}
