package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

func TestBansAreSetListedAndLifted(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	get[any](t, s, "setban", `["192.0.2.0/24","add"]`)
	get[any](t, s, "setban", `{"subnet":"`+ids()[0].String()+`","command":"add","bantime":3600}`)
	end := time.Now().Add(time.Hour).Unix()
	get[any](t, s, "setban", fmt.Sprintf(`["192.0.2.9","add",%d,true]`, end))
	rows := get[[]object](t, s, "listbanned", "[]")
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		keys(t, r, "address ban_created banned_until ban_duration time_remaining ban_reason manual") // 30.0's, and two of ours
	}
	expect(t, rows[0], object{"address": "192.0.2.0/24", "ban_duration": 86400.0, "ban_reason": "requested", "manual": true})
	expect(t, rows[1], object{"ban_duration": 3600.0})
	expect(t, rows[2], object{"banned_until": float64(end)})

	get[any](t, s, "setban", `["192.0.2.9","remove"]`)
	if len(f.bans) != 2 {
		t.Errorf("%d bans after one was lifted", len(f.bans))
	}
	get[any](t, s, "clearbanned", "[]")
	if len(f.bans) != 0 {
		t.Errorf("%d bans after all were lifted", len(f.bans))
	}
}

func TestBansThatCannotBe(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	get[any](t, s, "setban", `["192.0.2.1","add"]`)
	for _, c := range []struct {
		params string
		code   int
	}{
		{`["nonsense","add"]`, -30},
		{`["nonsense","remove"]`, -30},
		{`["192.0.2.1","add"]`, -23},
		{`["192.0.2.2","remove"]`, -30},
		{`["192.0.2.2","ban"]`, -1},
		{`["192.0.2.2"]`, -1},
		{`["192.0.2.2","add","1"]`, -3},
		{`["192.0.2.2","add",-5]`, -8},
		{`["192.0.2.2","add",1700000000,true]`, -8}, // in the past
	} {
		if _, refused := call(t, s, "setban", c.params); refused == nil || int(refused.Code) != c.code {
			t.Errorf("setban %s: %v, want code %d", c.params, refused, c.code)
		}
	}
	get[any](t, s, "setban", `["192.0.2.3","add",9223372036854775807,true]`) // forever is a century
	rows := get[[]object](t, s, "listbanned", "[]")
	if left, _ := rows[1]["time_remaining"].(float64); left < 3e9 {
		t.Errorf("%v s of a ban without end", left)
	}
}

func TestGetPeerStanding(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	id := ids()[1].String()
	r := get[object](t, s, "getpeerstanding", `["`+id+`"]`)
	keys(t, r, "subject connected named points limit charges ban left")
	expect(t, r, object{"subject": id, "connected": true, "points": 60.0, "limit": 100.0, "ban": nil, "left": nil})
	get[any](t, s, "setban", `["`+id+`","add"]`)
	r = get[object](t, s, "getpeerstanding", `["`+id+`"]`)
	if r["ban"] == nil || r["left"] == nil {
		t.Errorf("a banned peer: %v", r)
	}
	if _, refused := call(t, s, "getpeerstanding", `["nonsense"]`); refused == nil || refused.Code != -30 {
		t.Errorf("nonsense: %v", refused)
	}
}
