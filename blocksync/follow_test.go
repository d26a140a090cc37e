package blocksync

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/headers"
)

// headerPeer adds a peer that has headers only.
func (w *world) headerPeer(name string, row []wire.BlockHeader) *fakePeer {
	p := w.stranger(name, nil)
	if _, err := p.tree.Add(time.Now(), row); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) joinLight(p *fakePeer) {
	w.sync.Join(p.id, p.tree.Best().Hash, p.tree.Best().Height, false)
}

func fromGenesis(n int, seed uint64) []wire.BlockHeader {
	return chaingen.Headers(params.GenesisBlock.Header, n, seed)
}

// workOf is the work of n easy headers and genesis.
func workOf(n int) *big.Int {
	each := headertree.Work(params.GenesisBlock.Header.Bits)
	return each.Mul(each, big.NewInt(int64(n+1)))
}

func TestHeadersWithoutWorkAreNotStored(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.cfg.MinChainWork = workOf(50_000)
		w.start()
		p := w.headerPeer("poor", fromGenesis(9000, 1))
		w.joinLight(p)
		time.Sleep(20 * time.Minute)
		if w.chain.storedHeaders() != 0 {
			t.Errorf("%d headers are stored", w.chain.storedHeaders())
		}
		// Each time five messages until the chain ends.
		if w.count(&p.asks) > 10*5 {
			t.Errorf("%d getheaders in 20 min without progress", w.count(&p.asks))
		}
		if w.everybodysFaults() > 0 {
			t.Errorf("poverty is no crime: %v", w.charges)
		}
	})
}

func TestHeadersAreVettedUntilTheyShowWork(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.cfg.MinChainWork = workOf(17_500)
		w.start()
		p := w.headerPeer("rich", fromGenesis(20_000, 1))
		w.joinLight(p)
		time.Sleep(time.Minute)
		if w.chain.storedHeaders() != 20_000 {
			t.Errorf("%d headers are stored", w.chain.storedHeaders())
		}
		if w.count(&p.asks) < 19 || w.count(&p.asks) > 30 { // 9 + 10 messages, and what polling adds
			t.Errorf("%d getheaders for two passes", w.count(&p.asks))
		}
	})
}

func TestHeadersFarBelowOurBestAreNotStored(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		w.joinLight(w.headerPeer("honest", fromGenesis(6000, 1)))
		time.Sleep(time.Minute)
		// A branch of 5,000 from genesis: more than a day below our best.
		low := w.headerPeer("low", fromGenesis(5000, 2))
		w.joinLight(low)
		// And one of 5,900, which is within a day.
		w.joinLight(w.headerPeer("near", fromGenesis(5900, 3)))
		time.Sleep(10 * time.Minute)
		if want := 6000 + 5900; w.chain.storedHeaders() != want {
			t.Errorf("%d headers are stored instead of %d", w.chain.storedHeaders(), want)
		}
		if w.everybodysFaults() > 0 {
			t.Errorf("charges: %v", w.charges)
		}
	})
}

func TestHeadersThatChangeAreCharged(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.cfg.MinChainWork = workOf(17_500)
		w.start()
		p := w.headerPeer("changeling", fromGenesis(18_000, 1))
		other := w.headerPeer("other", fromGenesis(18_000, 2)).tree
		p.row = func(locator []chainhash.Hash) []wire.BlockHeader {
			tree := p.tree
			if p.asks > 9 { // the lock is held
				tree = other
			}
			return tree.After(locator, chainhash.Hash{}, headers.MaxHeaders)
		}
		w.joinLight(p)
		time.Sleep(time.Second) // before it is tried again
		if !w.charged(p, events.ChangedHeaders) {
			t.Errorf("charges: %v", w.charges)
		}
		if w.chain.storedHeaders() != 0 {
			t.Errorf("%d headers are stored", w.chain.storedHeaders())
		}
	})
}

func TestHeadersInvalidByContextAreCharged(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		row := fromGenesis(5, 1)
		bad := row[4]
		bad.Timestamp = params.GenesisBlock.Header.Timestamp // not above the median
		p := w.stranger("bad", nil)
		p.row = func([]chainhash.Hash) []wire.BlockHeader { return append(slices.Clone(row[:4]), bad) }
		w.joinLight(p)
		time.Sleep(time.Minute)
		if !w.charged(p, events.InvalidHeader) {
			t.Errorf("charges: %v", w.charges)
		}
		if w.chain.storedHeaders() != 4 {
			t.Errorf("%d headers are stored: those before the bad one are fine", w.chain.storedHeaders())
		}
	})
}

func TestHeadersFromTheFutureAreNobodysFault(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		parent := params.GenesisBlock.Header
		parent.Timestamp = time.Now().Add(5 * time.Hour)
		row := chaingen.Headers(parent, 1, 1)
		row[0].PrevBlock = *params.GenesisHash
		for blockHash := row[0].BlockHash(); blockHash[31] > 0x7e; blockHash = row[0].BlockHash() {
			row[0].Nonce++
		}
		p := w.stranger("early", nil)
		p.row = func([]chainhash.Hash) []wire.BlockHeader { return row }
		w.joinLight(p)
		time.Sleep(time.Minute)
		if w.everybodysFaults() > 0 || w.chain.storedHeaders() > 0 {
			t.Errorf("charges %v, stored %d", w.charges, w.chain.storedHeaders())
		}
		time.Sleep(6 * time.Hour)
		if w.chain.storedHeaders() != 1 {
			t.Error("the header is not taken when its time has come")
		}
	})
}

func TestPeersInStepAreAskedSeldom(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		row := fromGenesis(3000, 1)
		p := w.headerPeer("quiet", row)
		w.joinLight(p)
		time.Sleep(time.Minute)
		before := w.count(&p.asks)
		time.Sleep(time.Hour)
		if n := w.count(&p.asks) - before; n < 20 || n > 30 {
			t.Errorf("%d getheaders in an hour without news", n)
		}
	})
}

func TestTheSameHeadersForEverEndTheRun(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		row := fromGenesis(4000, 1)
		w.joinLight(w.headerPeer("honest", row))
		time.Sleep(time.Second)
		p := w.stranger("parrot", nil)
		p.row = func([]chainhash.Hash) []wire.BlockHeader { return row[:2000] }
		w.joinLight(p)
		time.Sleep(time.Hour)
		if w.count(&p.asks) > 40 {
			t.Errorf("%d getheaders in an hour for the same answer", w.count(&p.asks))
		}
	})
}

func TestAnnouncedHeadersAreTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(30)
		w.start()
		p := w.peer("a", all[:10])
		w.synced(all[9], time.Minute)
		time.Sleep(10 * time.Second)
		asks := w.count(&p.asks)
		w.mu.Lock()
		p.adopt(all[:11])
		w.mu.Unlock()
		w.sync.Announced(p.id, headersOf(all[10:11]))
		if took := w.synced(all[10], time.Minute); took > 50*time.Millisecond {
			t.Errorf("an announced block took %v", took)
		}
		if w.count(&p.asks) != asks {
			t.Error("the peer was asked for headers that it had announced")
		}
		// The next one leaves a gap: the peer is asked for what lies between.
		w.mu.Lock()
		p.adopt(all[:20])
		w.mu.Unlock()
		w.sync.Announced(p.id, headersOf(all[19:20]))
		if took := w.synced(all[19], time.Minute); took > time.Second {
			t.Errorf("a gap took %v to fill", took)
		}
		if w.everybodysFaults() > 0 {
			t.Errorf("charges: %v", w.charges)
		}
	})
}

func TestUnconnectedAnnouncementsAreCharged(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(10)
		w.start()
		p := w.peer("liar", all)
		honest := w.peer("honest", all)
		w.synced(all[9], time.Minute)
		asks := w.count(&p.asks)
		nowhere := fromGenesis(200, 9)
		for i := range 100 {
			w.sync.Announced(p.id, nowhere[i+1:i+2])
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		if n := w.count(&p.asks) - asks; n > 15 {
			t.Errorf("asked %d times within 15 s", n)
		}
		if !w.charged(p, events.UnconnectedHeaders) {
			t.Errorf("charges: %v", w.charges)
		}
		if w.chain.storedHeaders() != 10 || len(w.faults(honest)) > 0 {
			t.Errorf("stored %d, charges %v", w.chain.storedHeaders(), w.charges)
		}
	})
}

func TestASilentPeerDoesNotHoldBackHeaders(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(100)
		w.start()
		p := w.stranger("silent", all)
		p.silent = true
		w.join(p)
		time.Sleep(time.Second)
		w.peer("good", all)
		if took := w.synced(all[99], time.Minute); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Minute)
		if !w.charged(p, events.NoAnswer) {
			t.Errorf("charges: %v", w.charges)
		}
	})
}

func TestHeadersAreAskedForAheadOfTime(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		row := fromGenesis(20_001, 1)
		p := w.headerPeer("far", row)
		p.delay = 25 * time.Millisecond
		w.chain.headers = func([]wire.BlockHeader) error { time.Sleep(50 * time.Millisecond); return nil }
		w.joinLight(p)
		began := time.Now()
		for w.chain.tree.Best().Height < 20_001 {
			time.Sleep(time.Millisecond)
		}
		// 11 messages, each 50 ms on its way and 50 ms to take in.
		if took := time.Since(began); took > 700*time.Millisecond {
			t.Errorf("took %v, one after the other 1.1 s", took)
		}
	})
}

func TestLongRunsComeFromFewPeers(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		shared := w.headerPeer("", fromGenesis(20_000, 1)).tree
		var all []*fakePeer
		for i := range 12 {
			p := w.stranger(string(rune('a'+i)), nil)
			p.tree, p.delay, p.rate = shared, 25*time.Millisecond, 1e6
			all = append(all, p)
			w.joinLight(p)
		}
		began := time.Now()
		for w.chain.tree.Best().Height < 20_000 {
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Minute)
		asks := 0
		for _, p := range all {
			asks += w.count(&p.asks)
			if pp, _ := w.sync.PeerProgress(p.id); pp.Header != 20_000 {
				t.Errorf("%s is known to have %d headers", p.id, pp.Header)
			}
		}
		if asks > 4*11+3*12 {
			t.Errorf("%d getheaders for 10 messages' worth", asks)
		}
	})
}
