package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

const (
	// freshBlocks is how many blocks' time the best header may be old: on the main network
	// two hours, which pass without a block once in 160,000 blocks (three years).
	freshBlocks = 12
	// confirmingGroups is in how many netgroups peers must know the best header: one
	// network alone may be somebody's.
	confirmingGroups = 2
	// maxBehind is how many blocks may still be on their way.
	maxBehind = 1
	// minFree is the least disk space: two days of blocks of 4 MB.
	minFree = 2 * 144 * 4_000_000
	// maxClockOffset is how far the clock may be from the peers'. Source: Bitcoin Core's
	// TimeOffsets::WARN_THRESHOLD.
	maxClockOffset = 10 * time.Minute
	// readyAge is how long a verdict is given out again: whoever asks without a password
	// must not make the node read a block each time.
	readyAge = time.Second
)

// check is one thing that must be so for the node to be ready.
type check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`         // the evidence
	Do   string `json:"do,omitempty"` // if it is not so
}

// readiness is all of them.
type readiness struct {
	Ready  bool    `json:"ready"`
	Checks []check `json:"checks"`
}

// verdict keeps the last readiness. It is safe for concurrent use.
type verdict struct {
	mu   sync.Mutex
	at   time.Time
	last readiness
}

func (d *dispatcher) readyMethod() method {
	return method{
		name: "getreadiness", handle: d.getReadiness,
		summary: "Returns whether the node is ready to be relied on, with what speaks for it and what to do where something does not: peers, a fresh header that peers " +
			"of two netgroups confirm, its blocks, that blocks can be served, disk, clock. An addition to bitcoind's methods; GET /readyz says the same.",
	}
}

func (d *dispatcher) getReadiness(context.Context, arguments) (any, error) { return d.readiness(), nil }

// readiness judges, at most once a second.
func (d *dispatcher) readiness() readiness {
	d.verdict.mu.Lock()
	defer d.verdict.mu.Unlock()
	now := time.Now()
	if age := now.Sub(d.verdict.at); d.verdict.last.Checks != nil && age >= 0 && age < readyAge {
		return d.verdict.last
	}
	r := readiness{Ready: true}
	peers := d.Peers.Connected()
	for _, c := range []check{
		d.checkPeers(peers), d.checkHeader(now, peers), d.checkBlocks(peers), d.checkServing(now), d.checkDisk(), checkClock(peers),
	} {
		if c.OK {
			c.Do = ""
		}
		r.Ready = r.Ready && c.OK
		r.Checks = append(r.Checks, c)
	}
	d.verdict.at, d.verdict.last = now, r
	return r
}

// private says whether the network may consist of this node alone.
func (d *dispatcher) private() bool {
	return d.Params.Net == chaincfg.RegressionNetParams.Net || d.Params.Net == chaincfg.SimNetParams.Net
}

func (d *dispatcher) checkPeers(peers []Peer) check {
	in := 0
	for _, p := range peers {
		if p.Inbound {
			in++
		}
	}
	c := check{
		Name: "peers", OK: len(peers) > 0 || d.private(), Says: fmt.Sprintf("%s, %d chosen by this node", Count(len(peers), "peer"), len(peers)-in),
		Do: "name one with `pappus peers add`, or a DNS seed with --seed; see that nothing keeps the node from dialling out",
	}
	if len(peers) == 0 && d.private() {
		c.Says = "alone on a private network"
	}
	return c
}

// checkHeader wants a young header that peers in different places know: one that lies
// about the best chain is outvoted, and all in one place may be one.
func (d *dispatcher) checkHeader(now time.Time, peers []Peer) check {
	best := d.Chain.Headers().Best()
	groups := make(map[string]bool)
	for _, p := range peers {
		if p.SyncedHeader >= best.Height-maxBehind {
			groups[p.netgroup()] = true
		}
	}
	age := max(0, now.Sub(best.Header.Timestamp))
	c := check{Name: "header", Says: fmt.Sprintf("the best header, at height %d, is %s old and known to peers of %s", best.Height, days(age), Count(len(groups), "netgroup"))}
	if best.Height == 0 {
		c.Says = "no header is known but the genesis block's, which is built in"
	}
	switch {
	case d.private():
		c.OK = len(peers) == 0 || len(groups) > 0
		c.Do = "no peer has shown this node its chain: see `pappus peers list`"
	case best.Height == 0 && age > freshBlocks*d.Params.TargetTimePerBlock:
		c.Do = "no peer has sent headers yet: if that stays so for a minute, see `pappus peers list`, and whether --network is the one that is meant"
	case age > freshBlocks*d.Params.TargetTimePerBlock:
		c.Do = "the node hears of no new blocks: see whether it is syncing, whether its clock is right and whether peers are cut off as it is"
	default:
		c.OK = len(groups) >= confirmingGroups
		c.Do = fmt.Sprintf("peers of %d netgroups must know it: wait a minute, or add peers elsewhere with `pappus peers add`", confirmingGroups)
	}
	return c
}

// netgroup names the network that a peer is in.
func (p Peer) netgroup() string {
	if p.AS != 0 {
		return fmt.Sprintf("AS%d", p.AS)
	}
	return netgroup.Prefix(netgroup.IPOf(p.Addr)).String()
}

func (d *dispatcher) checkBlocks(peers []Peer) check {
	tip, best, p := d.Chain.Tip(), d.Chain.Headers().Best(), d.Sync.Progress()
	left := best.Height - tip.Height
	c := check{Name: "blocks", OK: left <= maxBehind, Says: fmt.Sprintf("%d of %s validated", tip.Height, Count(int(max(best.Height, tip.Height)), "block"))}
	c.Do = "wait until the blocks are here: `pappus watch` shows how far they are"
	if p.Syncing && (!d.private() || len(peers) > 0) {
		if c.OK {
			c.Says += ", but no peer has shown yet that these are all"
			c.Do = "it takes peers that have the chain: see what is said of peers and header"
		}
		c.OK = false
	}
	if p.ETA > 0 {
		c.Do += fmt.Sprintf("; about %v are left", p.ETA.Truncate(time.Second))
	}
	return c
}

// checkServing reads the tip's block as for a peer.
func (d *dispatcher) checkServing(now time.Time) check {
	c := check{Name: "serving", Do: "the block cannot be read: see the log, and `pappus chain verify` once the node is stopped"}
	tip := d.Chain.Tip()
	raw, err := d.Chain.RawBlock(tip.Hash)
	if err == nil {
		var b *btcutil.Block
		if b, err = btcutil.NewBlockFromBytes(raw); err == nil && *b.Hash() != tip.Hash {
			err = fmt.Errorf("another block is stored in its place")
		}
	}
	if err != nil {
		c.Says = "the last block cannot be served: " + printable(err.Error(), maxVerdict)
		return c
	}
	c.OK, c.Says = true, "the last block can be served; no peer has asked for any yet"
	if at := d.Peers.Network().Served; !at.IsZero() {
		c.Says = fmt.Sprintf("the last block can be served; a peer was last answered %s ago", days(now.Sub(at)))
	}
	return c
}

func (d *dispatcher) checkDisk() check {
	u := d.Disk.Usage()
	if u.Free == 0 {
		return check{Name: "disk", OK: true, Says: "how much is free is not known"}
	}
	return check{
		Name: "disk", OK: u.Free >= minFree, Says: fmt.Sprintf("%d MB are free", u.Free/1_000_000),
		Do: fmt.Sprintf("free at least %d MB on the disk of the data directory, or keep less with --prune", minFree/1_000_000),
	}
}

// checkClock compares with the peers that this node chose: others may come in numbers.
func checkClock(peers []Peer) check {
	var offsets []time.Duration
	for _, p := range peers {
		if !p.Inbound {
			offsets = append(offsets, p.Offset)
		}
	}
	if len(offsets) == 0 {
		return check{Name: "clock", OK: true, Says: "there is nobody to compare it with"}
	}
	slices.SortFunc(offsets, cmp.Compare[time.Duration])
	middle := offsets[len(offsets)/2]
	way := "ahead of"
	if middle < 0 {
		way = "behind"
	}
	says := fmt.Sprintf("in the median, the clocks of %d peers are %v %s this one", len(offsets), middle.Abs(), way)
	if len(offsets) == 1 {
		says = fmt.Sprintf("the clock of the one peer that this node chose is %v %s this one", middle.Abs(), way)
	}
	return check{
		Name: "clock", OK: middle.Abs() <= maxClockOffset, Says: says,
		Do: "set this machine's clock, best by a time service",
	}
}

// serveReady answers GET /readyz: 200 or 503, with ?verbose the checks.
func (d *dispatcher) serveReady(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "application/json")
	verdict := d.readiness()
	if !verdict.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	var answer any = verdict
	if !r.URL.Query().Has("verbose") {
		answer = map[string]bool{"ready": verdict.Ready}
	}
	_ = json.NewEncoder(w).Encode(answer) // the client has gone: nobody to tell
}
