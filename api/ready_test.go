package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/multiformats/go-multiaddr"
)

// ready asks as a load balancer does, and returns the names of what is not as it should be.
func ready(t *testing.T, s *Server, path string) (status int, failed string, all readiness) {
	t.Helper()
	r := post(t, s, "")
	r.Header.Del("Authorization")
	r.Method = http.MethodGet
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	w := serve(s, r)
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil && w.Code != http.StatusUnauthorized {
		t.Fatalf("%v in %s", err, w.Body)
	}
	var names []string
	for _, c := range all.Checks {
		if c.Says == "" || c.OK != (c.Do == "") {
			t.Errorf("check %+v", c)
		}
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return w.Code, strings.Join(names, " "), all
}

// synced is a node of the main network whose chain two peers know, at the time of its tip.
func synced(t *testing.T) *fake {
	t.Helper()
	f := newFake(&chaincfg.MainNetParams)
	f.usage.Free = 1e12
	for i, ip := range []string{"8.8.8.8", "9.9.9.9"} {
		f.peers = append(f.peers, Peer{Number: int32(i), ID: ids()[i], Addr: multiaddr.StringCast("/ip4/" + ip + "/tcp/8477")})
	}
	// The bubble's time is 2000; the genesis block's is 2009.
	time.Sleep(time.Until(f.params.GenesisBlock.Header.Timestamp.Add(time.Minute)))
	return f
}

func TestReadiness(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *fake)
		failed string
	}{
		{"all is well", func(*fake) {}, ""},
		{"no peers", func(f *fake) { f.peers = nil }, "peers header"},
		{"all peers in one network", func(f *fake) { f.peers[1].Addr = multiaddr.StringCast("/ip4/8.8.4.4/tcp/8477") }, "header"},
		{"all peers in one autonomous system", func(f *fake) { f.peers[0].AS, f.peers[1].AS = 64500, 64500 }, "header"},
		{"one peer does not know the header", func(f *fake) { f.peers[1].SyncedHeader = -2 }, "header"},
		{"no new block for long", func(*fake) { time.Sleep(3 * time.Hour) }, "header"},
		{"still syncing", func(f *fake) { f.syncing = true }, "blocks"},
		{"the block is gone", func(f *fake) { delete(f.blocks, f.tip.Hash) }, "serving"},
		{"another block is in its place", func(f *fake) { f.blocks[f.tip.Hash] = encode(chaincfg.RegressionNetParams.GenesisBlock) }, "serving"},
		{"the disk fills up", func(f *fake) { f.usage.Free = 1e9 }, "disk"},
		{"free space is not known", func(f *fake) { f.usage.Free = 0 }, ""},
		{"the clock is wrong", func(f *fake) { f.peers[0].Offset, f.peers[1].Offset = time.Hour, time.Hour }, "clock"},
		{"those who dialled say so", func(f *fake) {
			f.peers[0].Offset, f.peers[0].Inbound, f.peers[1].Offset, f.peers[1].Inbound = time.Hour, true, time.Hour, true
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := synced(t)
				c.change(f)
				s := prepare(t, f)
				want := http.StatusOK
				if c.failed != "" {
					want = http.StatusServiceUnavailable
				}
				if status, failed, all := ready(t, s, "/readyz?verbose"); status != want || failed != c.failed || len(all.Checks) != 6 || all.Ready != (c.failed == "") {
					t.Errorf("status %d, failed %q: %+v", status, failed, all)
				}
				if status, _, all := ready(t, s, "/readyz"); status != want || all.Checks != nil {
					t.Errorf("without verbose: %d, %+v", status, all)
				}
			})
		})
	}
}

// What an operator reads, in words that fit the numbers.
func TestReadinessSaysWhatItHasSeen(t *testing.T) {
	says := func(f *fake) string {
		var text strings.Builder
		_, _, all := ready(t, prepare(t, f), "/readyz?verbose")
		for _, c := range all.Checks {
			text.WriteString(c.Name + ": " + c.Says + "; " + c.Do + "\n")
		}
		return text.String()
	}
	for _, c := range []struct {
		name   string
		change func(f *fake)
		says   []string
	}{
		{"two peers", func(f *fake) { f.peers[0].Offset = -time.Second }, []string{
			"2 peers, 2 chosen by this node", "the clocks of 2 peers are 0s ahead of this one",
		}},
		{"one peer", func(f *fake) { f.peers = f.peers[:1]; f.peers[0].Offset = -time.Second }, []string{
			"1 peer, 1 chosen by this node", "the clock of the one peer that this node chose is 1s behind this one",
		}},
		{"no peer yet", func(f *fake) { f.peers, f.syncing = nil, true }, []string{
			"0 peers, 0 chosen by this node", "0 of 0 blocks validated, but no peer has shown yet that these are all; it takes peers",
		}},
		{"nothing but the genesis block", func(*fake) { time.Sleep(24 * time.Hour) }, []string{
			"no header is known but the genesis block's", "no peer has sent headers yet", "0 of 0 blocks validated",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := synced(t)
				c.change(f)
				got := says(f)
				for _, want := range c.says {
					if !strings.Contains(got, want) {
						t.Errorf("%q is missing in\n%s", want, got)
					}
				}
			})
		})
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 peers", 1: "1 peer", 2: "2 peers"} {
		if got := Count(n, "peer"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for age, want := range map[time.Duration]string{90*time.Second + 1: "1m30s", 47 * time.Hour: "47h0m0s", 49 * time.Hour: "2 days", 6000 * 24 * time.Hour: "6000 days"} {
		if got := days(age); got != want {
			t.Errorf("%v: %s, want %s", age, got, want)
		}
	}
	if got := Count(1, "address") + Count(2, "address"); got != "1 address2 addresses" {
		t.Error(got)
	}
}

func TestReadinessOfANodeAloneOnRegtest(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams).grow(2)
	f.syncing = true // nobody has told it that it is not
	if status, failed, _ := ready(t, prepare(t, f), "/readyz?verbose"); status != http.StatusOK {
		t.Errorf("failed %s", failed)
	}
}

// Many who ask without a password cost one look a second.
func TestReadinessIsKeptForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := synced(t)
		s := prepare(t, f)
		if status, _, _ := ready(t, s, "/readyz"); status != http.StatusOK {
			t.Fatal(status)
		}
		delete(f.blocks, f.tip.Hash)
		if status, _, _ := ready(t, s, "/readyz"); status != http.StatusOK {
			t.Errorf("looked again at once: %d", status)
		}
		time.Sleep(readyAge)
		if status, _, _ := ready(t, s, "/readyz"); status != http.StatusServiceUnavailable {
			t.Errorf("a second later: %d", status)
		}
	})
}

// Other machines may know whether, not why.
func TestReadinessForOtherMachines(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams), remote("0.0.0.0:0"))
	if status, _, _ := ready(t, s, "/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d", status)
	}
	if status, _, _ := ready(t, s, "/readyz?verbose"); status != http.StatusUnauthorized {
		t.Errorf("readyz?verbose without a password: %d", status)
	}
}
