package chain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // registers the driver
	"github.com/btcsuite/btcd/wire/v2"
	leveldberrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/storage"
)

// driver is btcd's block database: blocks in flat files, all else in LevelDB.
const driver = "ffldb"

// metadataDir is where ffldb keeps its LevelDB. Source: metadataDbName in its db.go.
const metadataDir = "metadata"

// DamagedError says that the block database cannot be used as it is, and what to do.
type DamagedError struct {
	Dir string
	Err error
}

// Error says which folder to move away.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the block database is damaged: move %s away and start again, the blocks beside it are then read and validated anew: %v",
		filepath.Join(e.Dir, metadataDir), e.Err)
}

// Unwrap returns what was found.
func (e *DamagedError) Unwrap() error { return e.Err }

// diagnose turns an error that tells of damage into a [DamagedError].
func diagnose(dir string, err error) error {
	var known *DamagedError
	var db database.Error
	var table *leveldberrors.ErrCorrupted
	var file *storage.ErrCorrupted
	var broken blockchain.AssertError
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &db) && db.ErrorCode == database.ErrCorruption,
		errors.As(err, &table), errors.As(err, &file), errors.As(err, &broken), errors.Is(err, errBadCursor):
		return &DamagedError{Dir: dir, Err: err}
	}
	return err
}

// currentFile is what a LevelDB is opened by; it is made last. Source: goleveldb's
// storage.
const currentFile = "CURRENT"

// clearUnborn removes metadata whose making was cut off before there was anything in
// them: nothing can open them, and nothing is lost with them.
func clearUnborn(dir string) error {
	metadata := filepath.Join(dir, metadataDir)
	if _, err := os.Stat(filepath.Join(metadata, currentFile)); !errors.Is(err, os.ErrNotExist) {
		return err // there, or not to be looked at
	}
	for _, kind := range []string{"*.ldb", "*.sst"} {
		if tables, err := filepath.Glob(filepath.Join(metadata, kind)); err != nil || len(tables) > 0 {
			return err // it has lived: that is damage, and said elsewhere
		}
	}
	return os.RemoveAll(metadata)
}

func openDatabase(dir string, net wire.BitcoinNet) (database.DB, error) {
	if _, err := os.Stat(filepath.Join(dir, metadataDir)); errors.Is(err, os.ErrNotExist) {
		return database.Create(driver, dir, net)
	}
	return database.Open(driver, dir, net)
}

var errNoGenesis = errors.New("the block files do not begin with the first one, so that nothing can be made of them: empty the folder to fetch all blocks again")

// remake makes metadata for block files that have lost theirs, as if not a single block
// were known; false if there are no block files. ffldb itself would delete them.
func remake(dir string, net wire.BitcoinNet) (bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+blockFileExt))
	if err != nil || len(files) == 0 {
		return false, err
	}
	if files[0] != blockFile(dir, 0) {
		return false, errNoGenesis
	}
	aside, err := os.MkdirTemp(dir, metadataDir+"-*.tmp")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(aside) //nolint:errcheck // an empty folder by then
	db, err := database.Create(driver, aside, net)
	if err != nil {
		return false, err
	}
	if err := db.Close(); err != nil {
		return false, err
	}
	return true, os.Rename(filepath.Join(aside, metadataDir), filepath.Join(dir, metadataDir))
}
