package chain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

func TestRecoverGoesOnAfterAStop(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Extend(20)...)
	cfg, headers := copyTo(t, c), memory()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, want := range []int32{6, 20} {
		again, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
		if err != nil {
			t.Fatal(err)
		}
		_, err = again.Recover(ctx, func(done, _ int) {
			if done == 6 {
				cancel()
			}
		})
		if again.Tip().Height != want || (err == nil) != (want == 20) {
			t.Errorf("height %d, want %d: %v", again.Tip().Height, want, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		ctx = t.Context()
	}
	if _, err := os.Stat(filepath.Join(cfg.Dir, salvagedFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the list is left behind: %v", err)
	}
}

// A block that was stored but not connected is validated: only what the journal names has
// been before.
func TestRecoverValidatesWhatHadNotBeen(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	height := c.Tip().Height
	bad := b.Broken(chaingen.BadSignature)
	if err := c.Accept(chaingen.Copy(bad)); err == nil {
		t.Fatal("a bad block is taken")
	}
	cfg := copyTo(t, c)
	again := openIn(t, cfg, &chaincfg.SimNetParams, memory()) // the mark in the store is lost, too
	if _, err := again.Recover(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if again.Tip().Height != height || !again.Headers().Invalid(*bad.Hash()) {
		t.Errorf("tip %+v", again.Tip())
	}
	mustAccept(t, again, b.NextBlock(b.Spend(3)...))
}

func TestRecoverTrustsTheJournal(t *testing.T) {
	x := newBadChain()
	c := openIn(t, x.config(t, x.assumed.Hash()), &chaincfg.SimNetParams, memory())
	addHeaders(t, c, x.blocks...)
	mustAccept(t, c, x.blocks...) // one without a valid signature is among them
	for _, journal := range []bool{true, false} {
		cfg := copyTo(t, c)
		cfg.AssumeValid = nil
		want := int32(len(x.blocks))
		if !journal {
			want = x.bad.Height() - 1
			if err := os.Remove(filepath.Join(cfg.Dir, validatedFile)); err != nil {
				t.Fatal(err)
			}
		}
		again := openIn(t, cfg, &chaincfg.SimNetParams, memory())
		if _, err := again.Recover(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if again.Tip().Height != want {
			t.Errorf("journal %v: height %d, want %d", journal, again.Tip().Height, want)
		}
	}
}

func TestJournalIgnoresAHalfWrittenEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hashes")
	if err := os.WriteFile(path, make([]byte, 2*chainhash.HashSize+5), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readHashes(path); err != nil || len(got) != 2 {
		t.Errorf("%d hashes: %v", len(got), err)
	}
}
