package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/internal/proc"
	"github.com/pappus-network/pappus/internal/purse"
)

// cluster is five nodes in processes of their own, each of which has dialled the
// two before it.
type cluster []*proc.Process

func startCluster(t *testing.T, flags ...string) cluster {
	t.Helper()
	bin := proc.Build(t)
	var c cluster
	for i := range 5 {
		args := append([]string{"--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--embargo", "2s"}, flags...)
		for _, before := range c[max(0, i-2):] {
			args = append(args, "--addnode", before.Addr(t))
		}
		c = append(c, proc.Start(t, bin, "regtest", t.TempDir(), args...))
	}
	return c
}

// on runs a command on a node and returns its output.
func (c cluster) on(t *testing.T, node int, words ...string) outcome {
	t.Helper()
	return call(t, nil, append(words, "--network", "regtest", "--datadir", datadir(c[node]))...)
}

// datadir is the folder above the network's own.
func datadir(p *proc.Process) string { return strings.TrimSuffix(p.Dir, "/regtest") }

func (c cluster) await(t *testing.T, what string, reached func() bool) {
	t.Helper()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	limit := time.After(10 * patience) // an exponential time of 15 s passes that once in 5·10⁸ runs
	for !reached() {
		select {
		case <-poll.C:
		case <-limit:
			t.Fatalf("not in time: %s\n%s", what, c[len(c)-1].Log())
		}
	}
}

// coins mines on the first node until its first coin is ripe, and returns those
// that are.
func (c cluster) coins(t *testing.T) []purse.Coin {
	t.Helper()
	var hashes []string
	if err := json.Unmarshal([]byte(c.on(t, 0, "rpc", "generate", "105").out), &hashes); err != nil {
		t.Fatal(err)
	}
	var coins []purse.Coin
	for _, hash := range hashes[:5] {
		raw, err := hex.DecodeString(strings.TrimSpace(c.on(t, 0, "rpc", "getblock", hash, "0").out))
		if err != nil {
			t.Fatal(err)
		}
		b, err := btcutil.NewBlockFromBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		coins = append(coins, purse.Mined(b)...)
	}
	for i := range c {
		c.await(t, fmt.Sprintf("node %d is in step", i), func() bool {
			return c.on(t, i, "rpc", "getblockcount").out == "105\n"
		})
	}
	return coins
}

func serialized(t *testing.T, tx *btcutil.Tx) string {
	t.Helper()
	var w bytes.Buffer
	if err := tx.MsgTx().Serialize(&w); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(w.Bytes())
}

// A transaction goes through a network of five processes by each mechanism, and its
// owner, who alone knows, sees what becomes of it.
func TestProcessesCarryATransactionByEachMechanism(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 25 processes: run without -short")
	}
	for _, mechanism := range []string{
		"--broadcast dandelion",
		"--broadcast dandelion --fluff diffusion",
		"--broadcast gossip",
		"--broadcast diffusion",
		"--broadcast flood",
	} {
		stems := strings.Contains(mechanism, "dandelion")
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel() // they wait more than they work
			c := startCluster(t, strings.Fields(mechanism)...)
			coins := c.coins(t)
			tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
			id := tx.Hash().String()
			if got := c.on(t, 4, "tx", "send", "--dry-run", serialized(t, tx)); got.code != exitDone || !strings.Contains(got.out, "would be taken") {
				t.Errorf("%+v", got)
			}
			if got := c.on(t, 4, "tx", "send", serialized(t, tx)); got.code != exitDone || got.out != id+"\n" {
				t.Fatalf("%+v", got)
			}
			for i := range c {
				c.await(t, fmt.Sprintf("node %d has the transaction", i), func() bool {
					return strings.Contains(c.on(t, i, "rpc", "getrawmempool").out, id)
				})
			}
			// Whoever publishes for himself is shown it only when he asks, 15 s later in the
			// mean: in virtual time that is tested for each mechanism.
			if stems {
				c.await(t, "the owner has seen it back", func() bool {
					return strings.Contains(c.on(t, 4, "tx", "status", id).out, "seen back")
				})
				if got := c.on(t, 4, "tx", "status", id); !strings.Contains(got.out, "to an outbound peer") || !strings.Contains(got.out, "fluffed") {
					t.Errorf("%+v", got)
				}
			}
			if got := c.on(t, 0, "tx", "status", id); got.code != exitFailed || !strings.Contains(got.err, "was not submitted to this node") {
				t.Errorf("another node: %+v", got)
			}
			if got := c.on(t, 2, "mempool", "list"); !strings.Contains(got.out, id) {
				t.Errorf("%+v", got)
			}
			if got := c.on(t, 0, "rpc", "generate", "1"); got.code != exitDone {
				t.Fatalf("%+v", got)
			}
			c.await(t, "the owner sees it mined", func() bool {
				return strings.Contains(c.on(t, 4, "tx", "status", id).out, "at height 106")
			})
			if got := c.on(t, 4, "tx", "list"); !strings.Contains(got.out, "mined at height 106") {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A transaction whose node is killed right after it was handed over is not lost.
func TestTransactionOutlivesItsNodesDeath(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes: run without -short")
	}
	bin, dir := proc.Build(t), t.TempDir()
	args := []string{"--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--embargo", "4s"}
	c := cluster{proc.Start(t, bin, "regtest", dir, args...)}
	var hashes []string
	if err := json.Unmarshal([]byte(c.on(t, 0, "rpc", "generate", "101").out), &hashes); err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(c.on(t, 0, "rpc", "getblock", hashes[0], "0").out))
	if err != nil {
		t.Fatal(err)
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	tx := purse.Pay(purse.Payment{Fee: 1000}, purse.Mined(b)...)
	if got := c.on(t, 0, "tx", "send", serialized(t, tx)); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	c[0].Kill()
	c[0] = proc.Start(t, bin, "regtest", dir, args...)
	c.await(t, "its embargo ends and it is published", func() bool {
		return strings.Contains(c.on(t, 0, "rpc", "getrawmempool").out, tx.Hash().String())
	})
	if got := c.on(t, 0, "tx", "status", tx.Hash().String()); !strings.Contains(got.out, "by this node, when its embargo ended") {
		t.Errorf("%+v", got)
	}
	c[0].Stop(t)
	c[0] = proc.Start(t, bin, "regtest", dir, args...)
	c.await(t, "the mempool is loaded after a stop", func() bool {
		return strings.Contains(c.on(t, 0, "rpc", "getrawmempool").out, tx.Hash().String())
	})
}
