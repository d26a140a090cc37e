package stempool

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/purse"
)

// watched is the edge whose outcomes are compared.
const watched = peer.ID("watched")

// crowd is how many other edges there are, beside the node's own.
const crowd = 12

// TestEdgesCannotTellWhatOthersHold plays the same story of an edge and of the
// mempool twice: alone, and in a crowd of edges that send the same transactions,
// conflicting ones and ones that build on them, until the pool is full. What the edge
// sees is the same to the byte. 200 seeds of 300 steps.
func TestEdgesCannotTellWhatOthersHold(t *testing.T) {
	seen := make(map[string]int) // what became of the edge's own, to know that the story is rich
	full := 0
	for seed := range uint64(200) {
		alone, _ := play(t, seed, false)
		crowded, refused := play(t, seed, true)
		for i := range alone {
			if alone[i] != crowded[i] {
				t.Fatalf("seed %d, step %d: alone %q, in a crowd %q", seed, i, alone[i], crowded[i])
			}
		}
		for _, outcome := range alone {
			seen[outcome[max(0, len(outcome)-12):]]++
		}
		full += refused
	}
	if len(seen) < 8 || full == 0 {
		t.Errorf("the story is poor: outcomes %v, the crowd was refused %d times", seen, full)
	}
}

// story is a pool, its mempool and the dice.
type story struct {
	*ledger
	p    *Pool
	rng  *rand.Rand
	now  time.Time
	sent []*btcutil.Tx // by anybody
}

// play returns what the watched edge has seen, and how often the crowd was refused
// for want of room. All dice fall alike with the crowd and without.
func play(t *testing.T, seed uint64, crowded bool) (trace []string, refused int) {
	t.Helper()
	l := newLedger(20)
	one := memory(pay(1000, l.coins[0]))
	s := &story{ledger: l, rng: rand.New(rand.NewPCG(seed, 1)), now: start()}
	s.p = l.stems(func(c *Config) {
		c.MaxCount, c.MaxBytes = 8, edgeOverhead+10*one
		c.TotalBytes, c.Share, c.MaxEdges = 3*c.MaxBytes, edgeOverhead+9*one, crowd+1
		c.Count = Rate{PerSecond: 2, Burst: 12}
	})
	for range 300 {
		s.now = s.now.Add(time.Duration(s.rng.IntN(400)) * time.Millisecond)
		tx, who := s.draft(), s.rng.IntN(crowd+6)
		switch {
		case who < 4:
			err := s.p.Add(s.now, tx, watched)
			trace = append(trace, fmt.Sprintf("%v: %#v %v", tx.Hash(), err == nil, err))
		case who == 4:
			_, err := s.Submit(s.now, tx, "") // all edges see the mempool
			if err == nil {
				s.p.Fluffed(tx)
			}
		case who == 5 && crowded:
			_ = s.p.Add(s.now, tx, own)
		case crowded:
			from := peer.ID(rune('a' + who - 6))
			if err := s.p.Add(s.now, tx, from); err != nil && reasonOf(err) == "stem_full" {
				refused++
			}
			if s.rng.IntN(20) == 0 {
				s.p.Leave(from)
			}
		default:
			if who != 5 {
				s.rng.IntN(20)
			}
		}
		consistent(t, s.p)
	}
	return trace, refused
}

// draft makes a transaction that may be known, conflict, build on another one, or
// pay too little.
func (s *story) draft() *btcutil.Tx {
	coins := s.coins
	if len(s.sent) > 0 {
		switch last := s.sent[len(s.sent)-1-s.rng.IntN(min(len(s.sent), 30))]; s.rng.IntN(4) {
		case 0:
			return btcutil.NewTx(last.MsgTx())
		case 1:
			coins = purse.Coins(last)
		}
	}
	tx := purse.Pay(purse.Payment{Fee: []int64{1, 1000, 1000, 5000}[s.rng.IntN(4)], Replaceable: s.rng.IntN(2) == 0}, coins[s.rng.IntN(len(coins))])
	s.sent = append(s.sent, tx)
	return tx
}

// An edge that floods uses up nobody else's budget, nor their room.
func TestFloodIsItsOwnAffair(t *testing.T) {
	l := newLedger(3000)
	p := l.stems()
	taken := make(map[peer.ID]int)
	for i, c := range l.coins {
		now := start().Add(time.Duration(i) * time.Millisecond)
		if i%100 == 0 { // ten a second
			if p.Add(now, pay(1000, c), "honest") == nil {
				taken["honest"]++
			}
			continue
		}
		for _, from := range []peer.ID{"one", "two", "three"} {
			if p.Add(now, pay(1000, c), from) == nil {
				taken[from]++
			}
		}
	}
	if taken["honest"] != 30 {
		t.Errorf("of the honest edge's 30 %d are taken", taken["honest"])
	}
	// 400 at once and 200 a second.
	if got := taken["one"]; got < 950 || got > 1000 || taken["two"] != got || taken["three"] != got {
		t.Errorf("of floods of 1,000 a second for 3 s %v are taken", taken)
	}
}

// What is dropped is named in an order that no map has made.
func TestOrderIsNobodysChance(t *testing.T) {
	l := newLedger(8)
	var first []string
	for range 20 {
		p := l.stems()
		for i, c := range l.coins {
			mustAdd(t, p, peer.ID(rune('a'+i%3)), chainOf(3, c)...)
		}
		lost := fmt.Sprint(p.Fluffed(purse.Pay(purse.Payment{Fee: 9000}, l.coins...)))
		if first = append(first, lost); lost != first[0] {
			t.Fatalf("%s\n%s", lost, first[0])
		}
	}
	if n := len(slices.Compact(first)); n != 1 {
		t.Errorf("%d orders", n)
	}
}
