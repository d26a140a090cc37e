package api

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain"
)

func TestGetTxOutSetInfo(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(3)
	s := prepare(t, f)
	const always = "height bestblock txouts bogosize total_amount transactions disk_size"
	for params, hash := range map[string]string{
		`[]`: "hash_serialized_3", `["hash_serialized_3"]`: "hash_serialized_3", `["muhash",null,true]`: "muhash", `{"hash_type":"none","use_index":false}`: "",
	} {
		got := get[object](t, s, "gettxoutsetinfo", params)
		keys(t, got, strings.TrimSpace(always+" "+hash))
		expect(t, got, object{
			"height": 3.0, "bestblock": f.tip.Hash.String(), "txouts": 10.0, "bogosize": 10*50 + 250.0, "total_amount": 3.00000001, "transactions": 7.0, "disk_size": 800.0,
		})
		how := map[string]chain.SetHash{"hash_serialized_3": chain.SerializedHash, "muhash": chain.MuHash}[hash]
		if hash != "" && got[hash] != (chainhash.Hash{byte(how)}).String() {
			t.Errorf("%s: %v", params, got)
		}
	}
	if f.counted != 3 {
		t.Errorf("%d counts for three kinds of hashes at one tip", f.counted)
	}
	f.grow(1)
	if got := get[object](t, s, "gettxoutsetinfo", "[]"); got["height"] != 4.0 {
		t.Errorf("an old count for a new tip: %v", got)
	}
	wantRefusal(t, s, "gettxoutsetinfo", `["sha1"]`, -8, "'sha1' is not a valid hash_type")
	wantRefusal(t, s, "gettxoutsetinfo", `["none",2]`, -8, "requires coinstatsindex")
	wantRefusal(t, s, "gettxoutsetinfo", `["none",null,"x"]`, -3, "")
	f.grow(1)
	f.refusal = &chain.DamagedError{Dir: "d", Err: errors.New("e")}
	wantRefusal(t, s, "gettxoutsetinfo", `[]`, -32603, "Unable to read UTXO set")
	f.refusal = &chain.PartialError{Dir: "d"}
	wantRefusal(t, s, "gettxoutsetinfo", `[]`, -1, "ask for hash_type none")
	f.refusal = chain.ErrReopened
	wantRefusal(t, s, "gettxoutsetinfo", `[]`, -1, "ask again")
}

// Counting takes minutes on a long chain: it is done once at a time, keeps nobody else from
// being answered, and ends with its caller.
func TestCountsOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(&chaincfg.RegressionNetParams).grow(1)
		held := make(chan struct{})
		f.reading = func() { <-held }
		s := prepare(t, f)
		first := begin(t, s, "gettxoutsetinfo", "[]")
		synctest.Wait()
		wantRefusal(t, s, "gettxoutsetinfo", `["none"]`, -1, "try again later")
		if got := get[int](t, s, "getblockcount", "[]"); got != 1 {
			t.Errorf("count %d", got)
		}
		close(held)
		if a := <-first; a.refused != nil {
			t.Error(a.refused)
		}
		get[object](t, s, "gettxoutsetinfo", `["none"]`) // the place is free again
	})
}
