package reputation

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// save carries out all changes on a store.
func save(l *Ledger, store map[string][]byte) {
	for batch := l.Changes(3); len(batch) > 0; batch = l.Changes(3) {
		for _, r := range batch {
			if r.Value == nil {
				delete(store, r.Key)
			} else {
				store[r.Key] = r.Value
			}
		}
	}
}

func TestBansOutliveARestart(t *testing.T) {
	l, store := ledger(), map[string][]byte{}
	for _, s := range []string{"1.2.3.4", "10.0.0.0/8", "2001:db8::/32"} {
		if err := l.Ban(begin, subject(t, s), begin.Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	l.Charge(begin, party("liar", ""), lie, false)
	l.Charge(begin, party("friend", ""), lie, false)
	save(l, store)
	l.Unban(subject(t, "10.0.0.0/8"))
	save(l, store)
	if len(store) != 4 {
		t.Fatalf("%d records", len(store))
	}
	want := l.Bans(begin)
	want = slices.DeleteFunc(want, func(b Ban) bool { return b.Peer == "friend" })
	for i := range want {
		want[i].From, want[i].Until = want[i].From.Local(), want[i].Until.Local()
	}

	store["nonsense"], store["pliar2"] = []byte{1}, store["pliar"]
	again, damaged := Restore(DefaultConfig(), []peer.ID{"friend"}, begin.Add(time.Hour), maps.All(store))
	if got := again.Bans(begin.Add(time.Hour)); damaged != 2 || !slices.Equal(got, want) {
		t.Errorf("%d damaged, bans\n%v, want\n%v", damaged, got, want)
	}
	save(again, store)
	if len(store) != 3 {
		t.Errorf("%d records after cleaning", len(store))
	}
	late, damaged := Restore(DefaultConfig(), nil, begin.Add(47*time.Hour), maps.All(store))
	if got := late.Bans(begin.Add(47 * time.Hour)); damaged != 0 || len(got) != 2 {
		t.Errorf("after two days: %v", got)
	}
	save(late, store)
	if len(store) != 2 {
		t.Errorf("%d records: a ban that is over is not deleted", len(store))
	}
}

func TestGoldenRecord(t *testing.T) {
	ban := Ban{
		Subject: subject(t, "10.0.0.0/8"), From: time.Unix(1_700_000_000, 0), Until: time.Unix(1_700_086_400, 0),
		Reason: slip, Manual: true,
	}
	if got := hex.EncodeToString([]byte(ban.key())); got != "6e0a00000008" {
		t.Errorf("key %s", got)
	}
	const want = "010100f15365000000008042556500000000" + "0e" + "747261696c696e675f6279746573" + "00b30a31"
	if got := hex.EncodeToString(ban.encode()); got != want {
		t.Errorf("stored as\n%s, want\n%s", got, want)
	}
	again, err := decode(ban.key(), ban.encode())
	if err != nil || again != ban {
		t.Errorf("%+v, %v", again, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, ban := range []Ban{
		{Subject: OfPeer("peer"), From: begin, Until: begin.Add(BanTime), Reason: lie},
		{Subject: subject(f, "2001:db8::/32"), From: begin, Until: begin, Manual: true},
	} {
		raw := ban.encode()
		f.Add(ban.key(), raw[:len(raw)-sumBytes])
	}
	f.Fuzz(func(t *testing.T, key string, body []byte) {
		raw := binary.LittleEndian.AppendUint32(body, sum(key, body)) // else nothing passes
		ban, err := decode(key, raw)
		if err != nil {
			return
		}
		if ban.key() != key || !bytes.Equal(ban.encode(), raw) {
			t.Errorf("%x %x became %x %x", key, raw, ban.key(), ban.encode())
		}
	})
}
