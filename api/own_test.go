package api

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// lives is a backend with a transaction in its stem, one that spends from it, one that
// waits, and one that is mined.
func lives() *fake {
	at := func(s int64) time.Time { return time.Unix(1_700_000_000+s, 0) }
	f := newFake(&chaincfg.RegressionNetParams)
	stemmed := spend(chainhash.Hash{1}, 100)
	f.own = []OwnTx{
		{
			Tx: btcutil.NewTx(spend(chainhash.Hash{3}, 80)), State: "mined", Submitted: at(3), Stems: []time.Time{at(3)}, Fluffed: at(4), FluffedBy: "others",
			FirstSeen: at(4), LastSeen: at(9), Peers: 3, Groups: 2, Block: chainhash.Hash{9}, Height: 7, Mined: at(10),
		},
		{Tx: btcutil.NewTx(spend(chainhash.Hash{2}, 90)), State: "waiting", Submitted: at(2), Embargo: at(30), Advice: "This node has no peers."},
		{Tx: btcutil.NewTx(spend(stemmed.TxHash(), 50)), State: "stemmed", Submitted: at(1), Stems: []time.Time{at(1)}, Embargo: at(15)},
		{Tx: btcutil.NewTx(stemmed), State: "stemmed", Submitted: at(0), Stems: []time.Time{at(0), at(5)}, Embargo: at(16)},
	}
	return f
}

func TestOwnTransactions(t *testing.T) {
	f := lives()
	s := prepare(t, f)
	all := get[[]object](t, s, "listowntransactions", "[]")
	if len(all) != 4 || all[0]["state"] != "mined" || all[3]["state"] != "stemmed" {
		t.Fatalf("%v", all)
	}
	one := get[object](t, s, "getowntransaction", `["`+f.own[0].Tx.Hash().String()+`"]`)
	expect(t, one, object{
		"txid": f.own[0].Tx.Hash().String(), "wtxid": f.own[0].Tx.WitnessHash().String(), "state": "mined", "submitted": 1700000003.0, "hop": "outbound",
		"fluffed": 1700000004.0, "fluffed_by": "others", "first_seen": 1700000004.0, "last_seen": 1700000009.0, "seen_from_peers": 3.0,
		"seen_from_netgroups": 2.0, "blockhash": chainhash.Hash{9}.String(), "blockheight": 7.0, "mined": 1700000010.0,
	})
	waiting := get[object](t, s, "getowntransaction", `["`+f.own[1].Tx.Hash().String()+`"]`)
	keys(t, waiting, "txid wtxid state submitted stems embargo_ends seen_from_peers seen_from_netgroups advice")
	if _, refused := call(t, s, "getowntransaction", `["`+chainhash.Hash{5}.String()+`"]`); refused == nil || refused.Code != -5 {
		t.Errorf("a stranger's: %v", refused)
	}
}

// What Bitcoin Core 31 calls private broadcast is a stem here: the same names, shapes and
// error, but that to whom a transaction was handed is not told.
func TestPrivateBroadcast(t *testing.T) {
	f := lives()
	s := prepare(t, f)
	info := get[map[string][]object](t, s, "getprivatebroadcastinfo", "[]")
	txs := info["transactions"]
	if len(info) != 1 || len(txs) != 3 {
		t.Fatalf("%v", info)
	}
	last := txs[2]
	keys(t, last, "txid wtxid hex time_added peers")
	expect(t, last, object{
		"txid": f.own[3].Tx.Hash().String(), "wtxid": f.own[3].Tx.WitnessHash().String(), "time_added": 1700000000.0,
		"hex": hex.EncodeToString(encode(f.own[3].Tx.MsgTx())),
	})
	handed := last["peers"].([]any)
	if len(handed) != 2 {
		t.Fatalf("%v", handed)
	}
	keys(t, handed[1].(object), "sent")
	if sent := handed[1].(object)["sent"]; sent != 1700000005.0 {
		t.Errorf("sent %v", sent)
	}
	keys(t, txs[0], "txid wtxid hex time_added") // it waits for a peer

	for what, id := range map[string]string{
		"mined": f.own[0].Tx.Hash().String(), "a stranger's": chainhash.Hash{5}.String(),
	} {
		if _, refused := call(t, s, "abortprivatebroadcast", `["`+id+`"]`); refused == nil || refused.Code != -5 || !strings.Contains(refused.Message, "getprivatebroadcastinfo") {
			t.Errorf("%s: %v", what, refused)
		}
	}
	// By its wtxid as well, and with what spends from it.
	gone := get[map[string][]object](t, s, "abortprivatebroadcast", `["`+f.own[3].Tx.WitnessHash().String()+`"]`)
	removed := gone["removed_transactions"]
	if len(gone) != 1 || len(removed) == 0 || removed[len(removed)-1]["txid"] != f.own[3].Tx.Hash().String() {
		t.Fatalf("%v", gone)
	}
	keys(t, removed[0], "txid wtxid hex")
	if _, refused := call(t, s, "abortprivatebroadcast", `["`+f.own[3].Tx.Hash().String()+`"]`); refused == nil {
		t.Error("aborted twice")
	}
}
