package chain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// ffldb writes blocks to their files at once, but keeps where they are, and how far the
// files go, in memory: up to five minutes or 100 MB of it. When it opens after a kill it
// cuts the files back to what its metadata knows. So before it opens, the records beyond
// that point are checked and entered into its metadata: not a byte is copied or fetched
// again. Two small files beside the database say what is left to do:
//
//	salvaged    hashes of blocks that were taken back, in order: stored, maybe not connected
//	validated   hashes of blocks that have been connected, so that their scripts need not
//	            run again; written at each block, not synced: it outlives a kill
//
// Both go at a clean stop, once there is nothing left to recover. salvaged is written before the metadata and outlives crashes
// during the recovery itself, since what that connects is in memory again.
const (
	salvagedFile  = "salvaged"
	validatedFile = "validated"
)

// Keys of ffldb's metadata: a bucket's number, then the key. Source: writeLocKeyName,
// metadataBucketID, blockIdxBucketID in its db.go.
const (
	cursorKey      = "\x00\x00\x00\x00ffldb-writeloc"
	blockRowPrefix = "\x00\x00\x00\x01"
)

// filterBits is what ffldb opens its LevelDB with (openDB in its db.go).
const filterBits = 10

// salvage is what a crash left to do, and the record for the next one. The zero value is
// that of a chain without a folder: there is nothing to do, and no record.
type salvage struct {
	dir     string
	blocks  []chainhash.Hash            // stored, perhaps not connected
	trusted map[chainhash.Hash]struct{} // connected before the crash
	over    bool                        // Recover has come to its end
	journal *os.File                    // nil: no folder
	end     int64                       // bytes of whole entries in the journal
}

// openSalvage must be called while ffldb is closed.
func openSalvage(dir string, net wire.BitcoinNet) (*salvage, error) {
	s := &salvage{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := clearUnborn(dir); err != nil {
		return nil, err
	}
	left, err := readHashes(filepath.Join(dir, salvagedFile))
	if err != nil {
		return nil, err
	}
	s.blocks = left
	if err := s.adopt(net); err != nil {
		return nil, err
	}
	connected, err := readHashes(filepath.Join(dir, validatedFile))
	if err != nil {
		return nil, err
	}
	if len(s.blocks) > 0 {
		s.trusted = make(map[chainhash.Hash]struct{}, len(connected))
		for _, h := range connected {
			s.trusted[h] = struct{}{}
		}
	}
	s.journal, err = os.OpenFile(filepath.Join(dir, validatedFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if len(s.blocks) > 0 {
		s.end = int64(len(connected)) * chainhash.HashSize
	}
	return s, s.journal.Truncate(s.end)
}

// adopt enters the blocks beyond the write cursor into ffldb's metadata.
func (s *salvage) adopt(net wire.BitcoinNet) error {
	db, row, err := s.openMetadata(net)
	if err != nil || db == nil {
		return err
	}
	return errors.Join(s.adoptAfter(db, row, net), db.Close())
}

// openMetadata returns ffldb's metadata and the write cursor in it; nil where there is no
// database yet. Metadata that are gone are made again, without any block.
func (s *salvage) openMetadata(net wire.BitcoinNet) (*leveldb.DB, []byte, error) {
	path := filepath.Join(s.dir, metadataDir)
	for {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if made, err := remake(s.dir, net); err != nil || !made {
				return nil, nil, err
			}
		}
		db, err := leveldb.OpenFile(path, &opt.Options{
			ErrorIfMissing: true,
			Strict:         opt.DefaultStrict,
			Compression:    opt.NoCompression,
			Filter:         filter.NewBloomFilter(filterBits),
		})
		if err != nil {
			return nil, nil, fmt.Errorf("open %s: %w", path, err)
		}
		row, err := db.Get([]byte(cursorKey), nil)
		if err == nil {
			return db, row, nil
		}
		if err := errors.Join(db.Close(), notMissing(err)); err != nil {
			return nil, nil, err
		}
		// The process died while it made the database, or the machine before the first of
		// it was on disk.
		if err := os.RemoveAll(path); err != nil {
			return nil, nil, err
		}
	}
}

// notMissing keeps every error but that of a key that is not there.
func notMissing(err error) error {
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil
	}
	return err
}

func (s *salvage) adoptAfter(db *leveldb.DB, row []byte, net wire.BitcoinNet) error {
	cursor, err := decodeCursor(row)
	if err != nil {
		return err
	}
	found, end, err := scanFrom(s.dir, net, cursor)
	if err != nil || len(found) == 0 {
		return err
	}
	batch := new(leveldb.Batch)
	for _, b := range found {
		key := append([]byte(blockRowPrefix), b.hash[:]...)
		if known, err := db.Has(key, nil); err != nil {
			return err
		} else if !known {
			batch.Put(key, b.row())
		}
		s.blocks = append(s.blocks, b.hash)
	}
	batch.Put([]byte(cursorKey), end.cursor())
	if err := s.save(); err != nil {
		return err
	}
	return db.Write(batch, &opt.WriteOptions{Sync: true})
}

// save replaces the list of blocks to connect.
func (s *salvage) save() error {
	path := filepath.Join(s.dir, salvagedFile)
	if len(s.blocks) == 0 {
		return removeIfThere(path)
	}
	f, err := os.CreateTemp(s.dir, salvagedFile+"-*.tmp")
	if err != nil {
		return err
	}
	defer func() { _ = removeIfThere(f.Name()) }() // gone by then, unless something failed
	raw := make([]byte, 0, len(s.blocks)*chainhash.HashSize)
	for _, h := range s.blocks {
		raw = append(raw, h[:]...)
	}
	_, err = f.Write(raw)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// validated notes that a block has been connected. If the note is lost the block is
// validated again after a crash: not worth an error.
func (s *salvage) validated(hash chainhash.Hash) {
	if s.journal == nil {
		return
	}
	if n, err := s.journal.WriteAt(hash[:], s.end); err == nil {
		s.end += int64(n)
	}
}

// settle starts the record anew after everything has been written to the database.
func (s *salvage) settle() error {
	if len(s.blocks) > 0 && !s.over {
		return nil
	}
	s.blocks, s.end = nil, 0
	return errors.Join(s.save(), s.journal.Truncate(0))
}

// done ends the record after everything has been written to the database. What has not
// been recovered stays for the next start.
func (s *salvage) done() error {
	if s.journal == nil || (len(s.blocks) > 0 && !s.over) {
		return s.close()
	}
	return errors.Join(
		removeIfThere(filepath.Join(s.dir, salvagedFile)),
		s.close(),
		removeIfThere(filepath.Join(s.dir, validatedFile)),
	)
}

func (s *salvage) close() error {
	if s.journal == nil {
		return nil
	}
	return s.journal.Close()
}

// readHashes reads a file of hashes; a cut-off one at the end is left out, and a file
// that is not there is empty.
func readHashes(path string) ([]chainhash.Hash, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	hashes := make([]chainhash.Hash, len(raw)/chainhash.HashSize)
	for i := range hashes {
		copy(hashes[i][:], raw[i*chainhash.HashSize:])
	}
	return hashes, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
