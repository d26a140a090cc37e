package devnet

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// cast returns n members and a tracer that knows them to run.
func cast(n int) (*tracer, []*member) {
	t := newTracer(rand.NewPCG(1, 1))
	var all []*member
	for i := range n {
		m := &member{name: string(rune('a' + i)), number: i}
		all = append(all, m)
		t.join(m, time.Now(), nil)
	}
	return t, all
}

// after is some milliseconds after a moment.
func after(begun time.Time, ms int) time.Time { return begun.Add(time.Duration(ms) * time.Millisecond) }

// tx is the n-th transaction of a test.
func tx(n uint32) *wire.MsgTx {
	m := wire.NewMsgTx(2)
	m.LockTime = n
	return m
}

func TestTraceOfATransaction(t *testing.T) {
	tr, m := cast(3)
	hash := tx(1).TxHash()
	tr.sending(hash, m[0], 225)
	begun := tr.paths[hash].begun
	tr.stemmed(after(begun, 1), hash, m[0], "b")
	tr.heard(after(begun, 2), []chainhash.Hash{hash}, m[0], m[1], true)
	state := func() string { return tr.last(1)[0].State }
	if state() != stateStem || tr.everywhere(hash) {
		t.Fatalf("in its stem the state is %s", state())
	}
	tr.fluffed(after(begun, 3), hash, m[1], "diffuser")
	tr.accepted(after(begun, 3), hash, m[1])
	tr.heard(after(begun, 4), []chainhash.Hash{hash}, m[1], m[2], false)
	tr.accepted(after(begun, 5), hash, m[2])
	if state() != stateFluff {
		t.Fatalf("two of three have it, and the state is %s", state())
	}
	tr.accepted(after(begun, 6), hash, m[0])
	if !tr.everywhere(hash) || state() != stateEverywhere {
		t.Fatalf("all have it, and the state is %s", state())
	}
	block := wire.NewMsgBlock(&wire.BlockHeader{})
	for _, x := range []*wire.MsgTx{tx(0), tx(1), tx(9)} {
		if err := block.AddTransaction(x); err != nil {
			t.Fatal(err)
		}
	}
	if found := tr.mined(btcutil.NewBlock(block), m[0]); !slices.Equal(found, []string{hash.String()}) {
		t.Errorf("the block holds %v", found)
	}
	if again := tr.mined(btcutil.NewBlock(block), m[1]); len(again) != 0 {
		t.Errorf("told twice: %v", again)
	}
	got := tr.last(1)[0]
	want := []Stage{
		{At: 1, Kind: "stem", From: "a", To: "b"},
		{At: 3, Kind: "fluff", Node: "b", Cause: "diffuser"},
		{At: 3, Kind: "seen", Node: "b"},
		{At: 4, Kind: "heard", From: "b", To: "c"},
		{At: 5, Kind: "seen", Node: "c"},
		{At: 6, Kind: "seen", Node: "a"},
	}
	if !slices.Equal(got.Steps, want) || got.Reached != 3 || got.Nodes != 3 || got.Origin != "a" || got.State != stateMined {
		t.Errorf("the trace is %+v", got)
	}
}

// A block brings transactions to who has never heard of them.
func TestBlocksBringTransactions(t *testing.T) {
	tr, m := cast(2)
	hash := tx(1).TxHash()
	tr.sending(hash, m[0], 1)
	tr.accepted(time.Now(), hash, m[0])
	for i, want := range []int{1, 2} {
		tr.mined(block(t, 1, tx(0), tx(1)), m[i])
		if got := tr.last(1)[0]; got.Reached != want || got.State != stateMined {
			t.Errorf("with the block at %d nodes it has reached %d, state %s", i+1, got.Reached, got.State)
		}
	}
}

// Whoever joins late has what others have told him before he is followed.
func TestLatecomersCount(t *testing.T) {
	tr, m := cast(2)
	hash := tx(1).TxHash()
	tr.sending(hash, m[0], 1)
	tr.accepted(time.Now(), hash, m[0])
	tr.accepted(time.Now(), hash, m[1])
	late := &member{name: "late", number: 9}
	tr.join(late, time.Now(), map[string]bool{hash.String(): true})
	if !tr.everywhere(hash) {
		t.Error("the latecomer has it")
	}
	other := &member{name: "other", number: 10}
	tr.join(other, time.Now(), nil)
	if tr.everywhere(hash) {
		t.Error("another has it not")
	}
	tr.leave(other)
	if !tr.everywhere(hash) {
		t.Error("who has left counts")
	}
}

func TestTracesAreBounded(t *testing.T) {
	tr, m := cast(2)
	for n := range uint32(3 * keptTraces) {
		hash := tx(n).TxHash()
		tr.sending(hash, m[0], 1)
		for range 100 {
			tr.stemmed(time.Now(), hash, m[0], "b")
		}
	}
	all := tr.last(3 * keptTraces)
	if len(all) != keptTraces || len(tr.paths) != keptTraces || len(all[0].Steps) != stepsEach*2 {
		t.Errorf("%d traces in %d paths, of %d steps each", len(all), len(tr.paths), len(all[0].Steps))
	}
	if want := tx(3*keptTraces - 1).TxHash().String(); all[0].Txid != want {
		t.Error("the youngest is not the first")
	}
}

// The first spy on the stem tells who handed it the transaction: right for the sender's
// neighbour, wrong one hop later. Spies' own transactions are nobody's prey.
func TestSpiesGuessAsTheSimulatorsDo(t *testing.T) {
	tr, m := cast(4)
	if err := tr.set(true, 0.25, m); err != nil {
		t.Fatal(err)
	}
	spies := tr.verdict().Spies
	if len(spies) != 1 {
		t.Fatalf("a quarter of four are %v", spies)
	}
	var spy *member
	var honest []*member
	for _, x := range m {
		if x.name == spies[0] {
			spy = x
		} else {
			honest = append(honest, x)
		}
	}
	a, b := honest[0], honest[1]
	deliver := func(n uint32, from *member, hops ...*member) {
		hash := tx(n).TxHash()
		tr.sending(hash, from, 1)
		now := tr.paths[hash].begun
		for i, to := range hops {
			at := from
			if i > 0 {
				at = hops[i-1]
			}
			tr.heard(after(now, i+1), []chainhash.Hash{hash}, at, to, true)
		}
		tr.heard(after(now, 0), []chainhash.Hash{hash}, honest[2], spy, false) // earlier, but no stem
		tr.fluffed(after(now, 9), hash, hops[len(hops)-1], "chosen")
		for _, x := range m {
			tr.accepted(after(now, 10), hash, x)
		}
	}
	deliver(1, a, spy)          // found: a handed it to the spy
	deliver(2, b, a, spy)       // a is taken for the sender
	deliver(3, spy, a)          // the spy's own
	deliver(4, honest[2], a, b) // no stem comes by: judged by who was first, which is right
	v := tr.verdict()
	if v.Seen != 3 || v.Guesses != 3 {
		t.Errorf("%d judged, %d guesses, want 3 and 3", v.Seen, v.Guesses)
	}
	// a is named twice, once rightly: 1/2; the third's is right and alone: 1; b's is wrong: 0.
	if want := (0.5 + 0 + 1) / 3; v.Precision != want || v.Recall != 2./3 {
		t.Errorf("precision %v and recall %v, want %v and %v", v.Precision, v.Recall, want, 2./3)
	}
	if r := v.Recent[1]; r.Guess != a.name || r.Origin != b.name || r.Right {
		t.Errorf("of the second is said %+v", r)
	}
	if err := tr.set(false, 0, m); err != nil || tr.verdict().On || len(tr.verdict().Spies) != 0 {
		t.Errorf("they are still on: %+v, %v", tr.verdict(), err)
	}
	for _, bad := range []float64{-1, 0, 1, 2} {
		if tr.set(true, bad, m) == nil {
			t.Errorf("a fraction of %v is taken", bad)
		}
	}
}
