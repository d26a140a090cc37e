package dashboard

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/test"

	"github.com/pappus-network/pappus/events"
)

// What a node has told reads as what has happened there.
func TestEventsAreReadAsTheyWereTold(t *testing.T) {
	p, err := test.RandPeerID()
	if err != nil {
		t.Fatal(err)
	}
	tx, at := chainhash.Hash{1, 31: 2}, time.UnixMilli(1_700_000_000_123)
	for _, e := range []events.Event{
		events.PeerUp{Peer: p, Inbound: true, Kind: events.Inbound, Origin: events.Origin{Source: events.FromSeed, Seed: "seed.example.org"}, Agent: "pappus/0.1", Height: 7},
		events.PeerDown{Peer: p, Reason: events.RemoteLeft},
		events.Charged{Peer: p, Reason: events.TooSlow},
		events.Banned{Subject: "192.0.2.0/24", Reason: events.Requested, Until: at},
		events.HeadersAdded{Height: 9, Hash: tx, Added: 2},
		events.BlockConnected{Height: 9, Hash: tx, Time: time.Unix(1_600_000_000, 0).UTC(), Bytes: 300, Txs: 2},
		events.BlockDisconnected{Height: 9, Hash: tx},
		events.SyncStalled{Peer: p, Timeout: 2 * time.Second},
		events.TxAccepted{Tx: tx, Bytes: 225},
		events.TxRefused{Tx: tx, Reason: events.LowFeeTx},
		events.TxStemmed{Tx: tx, To: p},
		events.TxHeard{From: p, Txs: []chainhash.Hash{tx, {5}}, Stem: true},
		events.TxFluffed{Tx: tx, Cause: "embargo"},
	} {
		for f, v := range reflect.ValueOf(e).Fields() {
			if v.IsZero() && f.Name != "Err" { // which is not told
				t.Errorf("%T has no %s here: that it is read is not tested", e, f.Name)
			}
		}
		kind, data := Teller{Traced: true}.message(Stamp{At: at.UnixMilli()}, e)
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		when, got, err := Read(kind, raw)
		if err != nil || !reflect.DeepEqual(got, e) || !when.Equal(at) {
			t.Errorf("%T is read as %+v at %v: %v", e, got, when, err)
		}
	}
}

func TestEventsThatCannotBeRead(t *testing.T) {
	if _, e, err := Read("partitioned", []byte(`{}`)); e != nil || err != nil {
		t.Errorf("a devnet's own event is read as %v, %v", e, err)
	}
	for kind, data := range map[string]string{
		"peer_up":     `{"peer":"n1"}`,
		"tx_accepted": `{"txid":"ab"}`,
		"tx_heard":    `{"txids":[""]}`,
		"block":       `[]`,
		"tx_fluffed":  `{`,
	} {
		if _, e, err := Read(kind, []byte(data)); err == nil {
			t.Errorf("%s %s is read as %+v", kind, data, e)
		}
	}
}

// Whatever another program sends is an event or an error.
func FuzzRead(f *testing.F) {
	f.Add("tx_heard", []byte(`{"from":"","txids":["00"],"stem":true}`))
	f.Add("block", []byte(`{"at_ms":5,"height":7,"hash":"","time":"1970-01-01T00:01:00Z"}`))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if _, e, err := Read(kind, data); err != nil && e != nil {
			t.Errorf("%v and %v", e, err)
		}
	})
}
