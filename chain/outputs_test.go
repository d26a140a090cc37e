package chain

import (
	"encoding/binary"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/memdb"
)

// counted is a database that counts what is written to it.
type counted struct {
	*memdb.DB
	updates int
}

func (db *counted) Update(write func(database.Tx) error) error {
	db.updates++
	return db.DB.Update(write)
}

// Strangers' transactions that spend what is not there fill btcd's cache of unspent
// outputs, beyond whose room it makes a map for each further one and looks through all of
// them: 80,000 lookups took a minute and a half. Writing the cache empties it, which has to
// happen before that.
func TestLookupsOfStrangersDoNotFillTheCache(t *testing.T) {
	const cache, lookups = 2 << 20, 80_000
	db := &counted{DB: memdb.New()}
	c, err := OpenOn(db, Config{UTXOCache: cache}, &chaincfg.RegressionNetParams, memory(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	db.updates = 0
	for n := uint64(0); n < lookups; {
		tx := wire.NewMsgTx(2)
		for range 1000 {
			var out wire.OutPoint
			binary.LittleEndian.PutUint64(out.Hash[:], n)
			tx.AddTxIn(wire.NewTxIn(&out, nil, nil))
			n++
		}
		if _, err := c.outputs(btcutil.NewTx(tx)); err != nil {
			t.Fatal(err)
		}
	}
	// A transaction's lookups are not divided: some more may go by before it is written.
	if want := lookups * bytesPerLookup / cache * 3 / 4; db.updates < want {
		t.Errorf("the cache was written %d times in %d lookups, want %d times", db.updates, lookups, want)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
