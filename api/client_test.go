package api

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/api/client"
)

// The command line's client finds a running server by its folder.
func TestClientFindsServer(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		s := start(t, f, remote(listen))
		if err := os.WriteFile(filepath.Join(s.cfg.Dir, "api"), []byte(s.Addr().String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := client.Dial(s.cfg.Dir)
		if err != nil {
			t.Fatal(err)
		}
		var hash string
		if err := c.Call(t.Context(), "getblockhash", client.Params([]string{"2"}), &hash); err != nil || hash != f.tip.Hash.String() {
			t.Errorf("%s: hash %s, %v", listen, hash, err)
		}
		err = c.Call(t.Context(), "getblockhash", []any{3}, &hash)
		var refused *client.RPCError
		if !errors.As(err, &refused) || refused.Code != -8 || refused.Message != "Block height out of range" {
			t.Errorf("%s: error %v", listen, err)
		}
	}
}
