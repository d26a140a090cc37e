package chain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // registers the driver
	"github.com/btcsuite/btcd/wire/v2"
)

// driver is btcd's block database: blocks in flat files, all else in LevelDB.
const driver = "ffldb"

// metadataDir is where ffldb keeps its LevelDB. Source: metadataDbName in its db.go.
const metadataDir = "metadata"

func openDatabase(dir string, net wire.BitcoinNet) (database.DB, error) {
	if _, err := os.Stat(filepath.Join(dir, metadataDir)); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make block database: %w", err)
		}
		db, err := database.Create(driver, dir, net)
		if err != nil {
			return nil, fmt.Errorf("make block database in %s: %w", dir, err)
		}
		return db, nil
	}
	db, err := database.Open(driver, dir, net)
	if dbErr := (database.Error{}); errors.As(err, &dbErr) && dbErr.ErrorCode == database.ErrCorruption {
		return nil, fmt.Errorf("the block database in %s is damaged: move it away and start again, blocks are then fetched anew: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open block database in %s: %w", dir, err)
	}
	return db, nil
}
