package api

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// answered is what a call that waits came to.
type answered struct {
	result  json.RawMessage
	refused *btcjson.RPCError
	at      time.Time
}

// begin starts a call and returns once it waits or is done.
func begin(t *testing.T, s *Server, method, params string) <-chan answered {
	t.Helper()
	done := make(chan answered, 1)
	go func() {
		result, refused := call(t, s, method, params)
		done <- answered{result, refused, time.Now()}
	}()
	synctest.Wait()
	return done
}

func TestWaitingForBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(&chaincfg.RegressionNetParams).grow(2)
		s := prepare(t, f)
		for _, c := range []struct{ name, method, params string }{
			{"a new block", "waitfornewblock", `[]`},
			{"another tip than a known one", "waitfornewblock", `{"current_tip":"` + f.tip.Hash.String() + `"}`},
			{"a height", "waitforblockheight", `[3]`},
			{"a block", "waitforblock", `["` + f.next(f.tip.Hash, []byte{0x51}, 0).Hash().String() + `"]`},
		} {
			waiting := begin(t, s, c.method, c.params)
			select {
			case a := <-waiting:
				t.Fatalf("%s: did not wait: %s %v", c.name, a.result, a.refused)
			default:
			}
			f.mu.Lock()
			was := f.tip
			f.grow(1)
			f.mu.Unlock()
			if a := <-waiting; string(a.result) != `{"hash":"`+f.tip.Hash.String()+`","height":3}` {
				t.Errorf("%s: %s %v", c.name, a.result, a.refused)
			}
			f.mu.Lock()
			f.tip = was // the next case begins again
			f.mu.Unlock()
		}
		at := time.Now()
		if a := <-begin(t, s, "waitforblockheight", `[99,1500]`); string(a.result) != `{"hash":"`+f.tip.Hash.String()+`","height":2}` || a.at.Sub(at) != 1500*time.Millisecond {
			t.Errorf("after the timeout: %s after %v", a.result, a.at.Sub(at))
		}
		if a := <-begin(t, s, "waitforblockheight", `[1]`); a.refused != nil || !a.at.Equal(time.Now()) {
			t.Errorf("a height that is reached: %v", a.refused)
		}
		if a := <-begin(t, s, "waitfornewblock", `[-1]`); a.refused == nil || a.refused.Message != "Negative timeout" {
			t.Errorf("negative timeout: %v", a.refused)
		}
	})
}

// Whoever waits must not keep the others from being answered.
func TestFewMayWaitForBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(&chaincfg.RegressionNetParams)
		s := prepare(t, f)
		var waiting []<-chan answered
		for range maxAwaiting {
			waiting = append(waiting, begin(t, s, "waitfornewblock", "[]"))
		}
		if a := <-begin(t, s, "waitfornewblock", "[]"); a.refused == nil || a.refused.Code != btcjson.ErrRPCMisc {
			t.Errorf("one too many: %s", a.result)
		}
		if got := get[int](t, s, "getblockcount", "[]"); got != 0 {
			t.Errorf("count %d", got)
		}
		if got := get[struct {
			Active []struct{ Method string } `json:"active_commands"`
		}](t, s, "getrpcinfo", "[]"); len(got.Active) != maxAwaiting+1 || got.Active[0].Method != "waitfornewblock" || got.Active[maxAwaiting].Method != "getrpcinfo" {
			t.Errorf("active %+v", got)
		}
		f.mu.Lock()
		f.grow(1)
		f.mu.Unlock()
		for _, w := range waiting {
			<-w
		}
	})
}

// A miner that polls hears of a new tip at once, and of new transactions after a minute.
func TestLongPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(&chaincfg.RegressionNetParams).grow(1)
		s := prepare(t, f)
		poll := func() <-chan answered {
			id := get[object](t, s, "getblocktemplate", `[{"rules":["segwit"]}]`)["longpollid"].(string)
			return begin(t, s, "getblocktemplate", `[{"rules":["segwit"],"longpollid":"`+id+`"}]`)
		}
		at, waiting := time.Now(), poll()
		f.mu.Lock()
		f.grow(1)
		f.mu.Unlock()
		var template struct{ Height int }
		if a := <-waiting; json.Unmarshal(a.result, &template) != nil || template.Height != 3 || a.at != at {
			t.Errorf("after a block: %s %v", a.result, a.refused)
		}
		if a := <-poll(); a.refused != nil || a.at.Sub(at) != time.Minute {
			t.Errorf("without one: %v after %v", a.refused, a.at.Sub(at))
		}
	})
}
