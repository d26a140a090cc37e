package journal

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// A record as it is on disk, which later programs have to read.
func TestRecord(t *testing.T) {
	e := Entry{
		Tx: *tx(1).Hash(), Raw: raw(t, tx(1)), State: Mined, Submitted: at(0), Stems: []time.Time{at(1)}, Embargo: at(2),
		Fluffed: at(3), FluffedBy: "others", FirstSeen: at(4), LastSeen: at(5), Peers: 2, Groups: 1,
		Block: chainhash.Hash{1}, Height: 7, Mined: at(6), Unmined: 1,
	}
	value, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Version":1,"Raw":"` + hex.EncodeToString(e.Raw) + `","State":"mined","Submitted":"2026-01-01T00:00:00Z",` +
		`"Stems":["2026-01-01T00:00:01Z"],"Embargo":"2026-01-01T00:00:02Z","Fluffed":"2026-01-01T00:00:03Z","FluffedBy":"others",` +
		`"FirstSeen":"2026-01-01T00:00:04Z","LastSeen":"2026-01-01T00:00:05Z","Peers":2,"Groups":1,` +
		`"Block":"0000000000000000000000000000000000000000000000000000000000000001","Height":7,"Mined":"2026-01-01T00:00:06Z","Unmined":1}`
	if string(value) != want {
		t.Errorf("%s\nwant\n%s", value, want)
	}
	if back, err := decode(value); err != nil || !reflect.DeepEqual(*back, e) {
		t.Errorf("%+v, %v; want %+v", back, err, e)
	}
}

func FuzzDecode(f *testing.F) {
	e := Entry{Raw: raw(f, tx(1)), State: Mined, Submitted: start(), Stems: []time.Time{start()}, Block: chainhash.Hash{1}, Height: 7}
	value, err := e.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value)
	f.Add([]byte(`{"Version":1}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := decode(value)
		if err != nil {
			return
		}
		if len(e.Stems) > maxStems || e.Peers > maxCounted || len(e.Raw) > len(value) {
			t.Errorf("%+v is out of bounds", e)
		}
		_ = e.Advice(start(), Situation{})
		again, err := e.encode()
		if err != nil || !json.Valid(again) {
			t.Fatalf("%s: %v", again, err)
		}
		if back, err := decode(again); err != nil || back.Tx != e.Tx || back.State != e.State || !back.Submitted.Equal(e.Submitted) {
			t.Errorf("%+v came out as %+v, %v", e, back, err)
		}
	})
}
