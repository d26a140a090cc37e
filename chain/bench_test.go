package chain

import (
	"os"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// shapes are the chains that imports are measured with.
func shapes() []chaingen.Shape {
	return []chaingen.Shape{chaingen.Blob(330), chaingen.Mixed(3000), chaingen.Small(20000)}
}

// BenchmarkImport measures full validation from a file, the yardstick of a sync, beside
// plain btcd: the same blocks, decoded and processed one after the other.
func BenchmarkImport(b *testing.B) {
	for _, shape := range shapes() {
		path := chaingen.File(b, shape)
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(shape.Name+"/ours", func(b *testing.B) {
			b.SetBytes(info.Size())
			for b.Loop() {
				importFile(b, path)
			}
		})
		b.Run(shape.Name+"/btcd", func(b *testing.B) {
			b.SetBytes(info.Size())
			for b.Loop() {
				processFile(b, path)
			}
		})
	}
}

func importFile(b *testing.B, path string) {
	b.Helper()
	c, err := Open(DefaultConfig(b.TempDir()), &chaincfg.SimNetParams, memory(), quiet())
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := c.Import(b.Context(), f, nil); err != nil {
		b.Fatal(err)
	}
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
}

func processFile(b *testing.B, path string) {
	b.Helper()
	dir := b.TempDir()
	db, err := database.Create(driver, dir, wire.SimNet)
	if err != nil {
		b.Fatal(err)
	}
	plain, err := blockchain.New(&blockchain.Config{
		DB:               db,
		ChainParams:      isolate(&chaincfg.SimNetParams),
		TimeSource:       localClock{},
		SigCache:         txscript.NewSigCache(defaultSignatures),
		HashCache:        txscript.NewHashCache(defaultSignatures),
		UtxoCacheMaxSize: defaultUTXOCache,
	})
	if err != nil {
		b.Fatal(err)
	}
	for block, err := range chaingen.ReadFile(path, wire.SimNet) {
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := plain.ProcessBlock(block, blockchain.BFNone); err != nil {
			b.Fatal(err)
		}
	}
	if err := plain.FlushUtxoCache(blockchain.FlushRequired); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCountUnspent counts what 20,000 blocks leave, from the database's tables. The
// figure per output is what tells how long a longer chain takes.
func BenchmarkCountUnspent(b *testing.B) {
	dir, headers := b.TempDir(), memory()
	c, err := Open(DefaultConfig(dir), &chaincfg.SimNetParams, headers, quiet())
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(chaingen.File(b, chaingen.Small(20000)))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := c.Import(b.Context(), f, nil); err != nil {
		b.Fatal(err)
	}
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
	c = openIn(b, DefaultConfig(dir), &chaincfg.SimNetParams, headers)
	for name, how := range map[string]SetHash{"none": NoHash, "hash_serialized_3": SerializedHash, "muhash": MuHash} {
		b.Run(name, func(b *testing.B) {
			outputs := uint64(0)
			for b.Loop() {
				set, err := c.CountUnspent(b.Context(), how)
				if err != nil {
					b.Fatal(err)
				}
				outputs += set.Outputs
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(outputs), "ns/output")
		})
	}
}
