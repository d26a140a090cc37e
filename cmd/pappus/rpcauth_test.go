package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the command prints lets its user in, and the settings do not tell the password.
func TestRPCAuthLetsItsUserIn(t *testing.T) {
	var made struct{ RPCAuth, User, Password string }
	if err := json.Unmarshal([]byte(call(t, nil, "rpcauth", "alice", "--json").out), &made); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(made.RPCAuth, made.Password) || len(made.Password) < 20 {
		t.Errorf("%+v", made)
	}
	r := start(t, "--rpcauth", made.RPCAuth)
	if got := ask[int](t, r.client(t, "alice", made.Password), "getblockcount"); got != 0 {
		t.Errorf("count %d", got)
	}
	if _, err := r.client(t, "alice", "guess").RawRequest("getblockcount", nil); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a wrong password: %v", err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"rpcauth", "a:b"}, "colon"},
		{[]string{"node", "--api", "127.0.0.1:0", "--rpcauth", "alice"}, "pappus rpcauth"},
	} {
		if got := call(t, nil, append(c.args, "--network", "regtest", "--datadir", t.TempDir())...); got.code == exitDone || !strings.Contains(got.err, c.says) {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
}
