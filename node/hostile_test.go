package node_test

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/status"
)

const latency = 25 * time.Millisecond

// stage is one node among an honest peer and a hostile one, which hold the same
// chain unless a story changes that.
type stage struct {
	t       *testing.T
	builder *chaingen.Builder
	node    *testnet.Node
	honest  *testnet.Villain // one that does nothing wrong
	villain *testnet.Villain
	sub     *node.Subscription
	charged []events.Charged
	up      []peer.ID
}

// set builds the stage with a chain of so many blocks. Nobody is connected.
func set(t *testing.T, c *chain.Chain, blocks int, adjust ...func(*node.Config)) *stage {
	t.Helper()
	b := chaingen.NewBuilder(&chaincfg.RegressionNetParams, 1)
	b.Extend(blocks - 2)
	if blocks > 102 {
		b.NextBlock(b.Spend(4)...) // with the coinbase five: can be mutated in every way
	} else {
		b.Extend(1)
	}
	b.Extend(1)
	hosts := testhost.New(t, 3, latency)
	s := &stage{
		t: t, builder: b,
		node:    testnet.NewNode(t, hosts[0], c, 1, adjust...),
		honest:  testnet.NewVillain(t, hosts[1], b.Chain()),
		villain: testnet.NewVillain(t, hosts[2], b.Chain()),
	}
	s.sub = s.node.Bus().Subscribe()
	t.Cleanup(s.sub.Close)
	return s
}

// meet lets the node dial the villain and, a second later, the honest peer.
func (s *stage) meet() {
	s.t.Helper()
	s.honest.Serve()
	s.villain.Serve()
	testhost.Connect(s.t, s.node.Host(), s.villain.Host)
	time.Sleep(time.Second)
	testhost.Connect(s.t, s.node.Host(), s.honest.Host)
}

// tip waits until the node has validated the builder's tip.
func (s *stage) tip(limit time.Duration) {
	s.t.Helper()
	want := *s.builder.Tip().Hash()
	late := time.NewTimer(limit)
	defer late.Stop()
	for s.node.Chain().Tip().Hash != want {
		select {
		case e := <-s.sub.C:
			s.note(e)
		case <-late.C:
			s.t.Fatalf("height %d after %v; charges: %v", s.node.Chain().Tip().Height, limit, s.charged)
		}
	}
}

// settle lets so much time pass and notes what happened.
func (s *stage) settle(d time.Duration) {
	end := time.NewTimer(d)
	defer end.Stop()
	for {
		select {
		case e := <-s.sub.C:
			s.note(e)
		case <-end.C:
			return
		}
	}
}

func (s *stage) note(e events.Event) {
	switch e := e.(type) {
	case events.Charged:
		s.charged = append(s.charged, e)
	case events.PeerUp:
		s.up = append(s.up, e.Peer)
	}
}

// blames checks that the villain was charged with one of the reasons, and the
// honest peer with nothing and still connected.
func (s *stage) blames(reasons ...events.Reason) {
	s.t.Helper()
	found := false
	for _, c := range s.charged {
		if c.Peer == s.honest.Host.ID() {
			s.t.Errorf("the honest peer was charged: %s %v", c.Reason, c.Err)
		}
		found = found || (c.Peer == s.villain.Host.ID() && slices.Contains(reasons, c.Reason))
	}
	if !found {
		s.t.Errorf("the villain was not charged with %v; charges: %v", reasons, s.charged)
	}
	if s.node.Host().Network().Connectedness(s.honest.Host.ID()) != network.Connected {
		s.t.Error("the honest peer was dropped")
	}
}

// dropped checks that the node has no connection with the villain.
func (s *stage) dropped() {
	s.t.Helper()
	if s.node.Host().Network().Connectedness(s.villain.Host.ID()) == network.Connected {
		s.t.Error("the villain is still connected")
	}
}

// sends makes a handler that answers every request with fixed envelopes.
func sends(messages ...exchange.Message) exchange.Handler {
	return func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
		for _, m := range messages {
			if err := answer.Send(m.Command, m.Payload); err != nil {
				return err
			}
		}
		return nil
	}
}

// silent makes a handler that never answers.
func silent(ctx context.Context, _ peer.ID, _ exchange.Message, _ *exchange.Answer) error {
	<-ctx.Done()
	return ctx.Err()
}

// instead serves objects, but other bytes in place of one block.
func (s *stage) instead(hash chainhash.Hash, raw []byte) exchange.Handler {
	s.villain.Blocks[hash] = raw
	return objects.NewServer(s.villain).Handle
}

func TestHostileHeaders(t *testing.T) {
	encode := func(hs []wire.BlockHeader) exchange.Handler {
		payload := []byte{byte(len(hs))}
		if len(hs) >= 0xfd {
			payload = []byte{0xfd, byte(len(hs)), byte(len(hs) >> 8)}
		}
		for _, h := range hs {
			one, err := headers.Encode([]wire.BlockHeader{h})
			if err != nil {
				t.Fatal(err)
			}
			payload = append(payload, one[1:]...)
		}
		return sends(exchange.Message{Command: "headers", Payload: payload})
	}
	genesis := chaincfg.RegressionNetParams.GenesisBlock.Header
	long := chaingen.Headers(genesis, 2001, 7)
	swapped := slices.Clone(long[:10])
	swapped[4], swapped[5] = swapped[5], swapped[4]
	weak := slices.Clone(long[:10])
	for testWork(weak[9]) {
		weak[9].Nonce++
	}
	for name, c := range map[string]struct {
		handle exchange.Handler
		want   events.Reason
	}{
		"2,001 headers":         {encode(long), events.TooManyHeaders},
		"unsorted headers":      {encode(swapped), events.UnsortedHeaders},
		"a header without work": {encode(weak), events.BadProofOfWork},
		"headers of nowhere":    {encode(long[5:9]), events.UnconnectedHeaders},
		"silence":               {silent, events.NoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
				s := set(t, chains[0], 12)
				s.villain.Headers = c.handle
				s.meet()
				s.tip(30 * time.Second)
				s.settle(30 * time.Second)
				s.blames(c.want)
				s.dropped()
			})
		})
	}
}

// testWork says whether a regtest header meets its target.
func testWork(h wire.BlockHeader) bool {
	return headers.Check("", &chaincfg.RegressionNetParams, []wire.BlockHeader{h}) == nil
}

func TestMutatedBlockIsChargedAndFetchedElsewhere(t *testing.T) {
	for _, m := range chaingen.Mutations() {
		t.Run(m.String(), func(t *testing.T) {
			testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
				s := set(t, chains[0], 110)
				victim := s.builder.At(109)
				bad, err := chaingen.Mutate(victim, m)
				if err != nil {
					t.Fatal(err)
				}
				raw, err := bad.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				s.villain.Objects = s.instead(*victim.Hash(), raw)
				s.meet()
				s.tip(30 * time.Second)
				s.settle(time.Second)
				s.blames(events.MutatedBlock, events.Malformed)
				s.dropped()
				if s.node.Chain().Headers().Invalid(*victim.Hash()) {
					t.Error("the honest block's hash was marked invalid")
				}
			})
		})
	}
}

func TestHostileBlocks(t *testing.T) {
	stories := map[string]struct {
		handle func(s *stage) exchange.Handler
		want   []events.Reason
	}{
		"another block than asked for": {func(s *stage) exchange.Handler {
			raw, _ := s.builder.At(3).Bytes()
			return s.instead(*s.builder.At(7).Hash(), raw)
		}, []events.Reason{events.WrongBlock}},
		"a byte too many": {func(s *stage) exchange.Handler {
			raw, _ := s.builder.At(7).Bytes()
			return s.instead(*s.builder.At(7).Hash(), append(slices.Clone(raw), 0))
		}, []events.Reason{events.TrailingBytes}},
		"a byte too few": {func(s *stage) exchange.Handler {
			raw, _ := s.builder.At(7).Bytes()
			return s.instead(*s.builder.At(7).Hash(), slices.Clone(raw[:len(raw)-1]))
		}, []events.Reason{events.Malformed}},
		"a message that was not asked for": {func(*stage) exchange.Handler {
			return sends(exchange.Message{Command: "tx", Payload: []byte{1}})
		}, []events.Reason{events.Unasked}},
		"silence": {
			func(*stage) exchange.Handler { return silent },
			[]events.Reason{events.NoAnswer, events.Stalled},
		},
	}
	for name, c := range stories {
		t.Run(name, func(t *testing.T) {
			testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
				s := set(t, chains[0], 12)
				s.villain.Objects = c.handle(s)
				s.meet()
				s.tip(10 * time.Second)
				s.settle(time.Minute)
				s.blames(c.want...)
				s.dropped()
			})
		})
	}
}

func TestInvalidBlockIsRefusedAndBanned(t *testing.T) {
	for _, f := range chaingen.Faults() {
		t.Run(f.String(), func(t *testing.T) {
			testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
				s := set(t, chains[0], 110)
				// The villain's chain is longer by an invalid block and two upon it.
				honest := *s.builder.Tip().Hash()
				bad := s.builder.Broken(f)
				s.builder.Switch(*bad.Hash())
				blocks := append([]*btcutil.Block{bad}, s.builder.Extend(2)...)
				for _, b := range blocks {
					s.villain.Add(b)
				}
				s.builder.Switch(honest)
				s.meet()
				s.tip(30 * time.Second)
				s.settle(10 * time.Second)
				s.blames(events.InvalidBlock)
				s.dropped()
				if tip := s.node.Chain().Tip().Hash; tip != honest {
					t.Errorf("tip %v, want the honest %v", tip, honest)
				}
				if !s.node.Chain().Headers().Invalid(*bad.Hash()) {
					t.Error("the invalid block's header is not marked")
				}
			})
		})
	}
}

func TestLowWorkChainIsNotStored(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		// 22 hashes are eleven regtest headers: the honest chain reaches the
		// threshold, the villain's five headers do not.
		s := set(t, chains[0], 12, func(c *node.Config) { c.MinChainWork = "16" })
		s.villain.Headers = serves(func(last wire.BlockHeader) []wire.BlockHeader { return chaingen.Headers(last, 5, 9) })
		s.meet()
		s.tip(30 * time.Second)
		s.settle(2 * time.Minute)
		if n := s.node.Chain().Headers().Len(); n != 13 {
			t.Errorf("%d headers are stored, want the honest chain's 13", n)
		}
	})
}

func TestEndlessLowWorkHeadersAreNotStored(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		s := set(t, chains[0], 12, func(c *node.Config) { c.MinChainWork = "ffffffffffff" })
		messages := 0
		s.villain.Headers = serves(func(last wire.BlockHeader) []wire.BlockHeader {
			messages++
			return chaingen.Headers(last, headers.MaxHeaders, 9)
		})
		s.villain.Serve()
		testhost.Connect(t, s.node.Host(), s.villain.Host)
		s.settle(5 * time.Second)
		if messages < 50 {
			t.Errorf("the node asked %d times only: the story is not endless", messages)
		}
		if n := s.node.Chain().Headers().Len(); n != 1 {
			t.Errorf("%d headers are stored, want genesis alone", n)
		}
	})
}

// serves answers with headers on top of the one that is asked from, made up on
// the way.
func serves(more func(last wire.BlockHeader) []wire.BlockHeader) exchange.Handler {
	known := map[chainhash.Hash]wire.BlockHeader{
		*chaincfg.RegressionNetParams.GenesisHash: chaincfg.RegressionNetParams.GenesisBlock.Header,
	}
	return func(_ context.Context, _ peer.ID, request exchange.Message, answer *exchange.Answer) error {
		r, err := headers.DecodeRequest(request.Payload)
		if err != nil {
			return err
		}
		made := more(known[r.Locator[slices.IndexFunc(r.Locator, func(h chainhash.Hash) bool { _, ok := known[h]; return ok })]])
		last := made[len(made)-1]
		known[last.BlockHash()] = last
		payload, err := headers.Encode(made)
		if err != nil {
			return err
		}
		return answer.Send("headers", payload)
	}
}

func TestHeightThatIsALieChangesNothing(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		s := set(t, chains[0], 12)
		s.villain.Say = func() status.Status {
			st := s.honest.Say()
			st.Height, st.Best, st.Nonce = 1<<31-1, chainhash.Hash{1}, 667
			st.Work = new(big.Int).Lsh(big.NewInt(1), 255)
			return st
		}
		s.villain.Blocks = nil
		s.meet()
		s.tip(10 * time.Second)
	})
}

func TestWrongGenesisIsRefusedAndLearnsNothing(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		s := set(t, chains[0], 12)
		s.villain.Say = func() status.Status {
			st := s.honest.Say()
			st.Genesis, st.Nonce = chainhash.Hash{1}, 667
			return st
		}
		s.villain.Serve()
		testhost.Connect(t, s.villain.Host, s.node.Host())
		if err := s.villain.Greet(s.node); err == nil {
			t.Error("the node answered a peer of another chain")
		}
		s.settle(time.Second)
		s.dropped()
		if len(s.up) != 0 || len(s.charged) == 0 || s.charged[0].Reason != events.WrongGenesis {
			t.Errorf("peers up %v, charges %v; want none and %s", s.up, s.charged, events.WrongGenesis)
		}
	})
}

func TestSilentDiallerIsDropped(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		s := set(t, chains[0], 12)
		testhost.Connect(t, s.villain.Host, s.node.Host())
		s.settle(status.Timeout - time.Second)
		if len(s.charged) != 0 {
			t.Errorf("charged before its time: %v", s.charged)
		}
		s.settle(2 * time.Second)
		s.dropped()
		if len(s.charged) != 1 || s.charged[0].Reason != events.NoStatus {
			t.Errorf("charges %v, want %s", s.charged, events.NoStatus)
		}
	})
}

func TestRequestBeforeStatusIsRefused(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		s := set(t, chains[0], 12)
		testhost.Connect(t, s.villain.Host, s.node.Host())
		client := headers.NewClient(s.villain.Host, &chaincfg.RegressionNetParams)
		session, err := client.Open(t.Context(), s.node.Host().ID())
		if err != nil {
			t.Fatal(err)
		}
		if hs, err := session.After(t.Context(), []chainhash.Hash{*chaincfg.RegressionNetParams.GenesisHash}, chainhash.Hash{}); err == nil {
			t.Errorf("%d headers were served before the status", len(hs))
		}
		s.settle(time.Second)
		s.dropped()
		if len(s.charged) == 0 || s.charged[0].Reason != events.BeforeStatus {
			t.Errorf("charges %v, want %s", s.charged, events.BeforeStatus)
		}
	})
}

func TestSecondStatusIsCharged(t *testing.T) {
	testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
		s := set(t, chains[0], 12)
		s.villain.Serve()
		testhost.Connect(t, s.villain.Host, s.node.Host())
		if err := s.villain.Greet(s.node); err != nil {
			t.Fatal(err)
		}
		if err := s.villain.Greet(s.node); err == nil {
			t.Error("a second status was answered")
		}
		s.settle(time.Second)
		s.dropped()
		if len(s.charged) == 0 || s.charged[0].Reason != events.StatusTwice {
			t.Errorf("charges %v, want %s", s.charged, events.StatusTwice)
		}
	})
}

func TestBadEnvelopesAreCharged(t *testing.T) {
	p := &chaincfg.RegressionNetParams
	payload, err := headers.Request{Locator: []chainhash.Hash{*p.GenesisHash}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := envelope.Append(nil, p.Net, "getheaders", payload)
	change := func(at int, b byte) []byte {
		bad := slices.Clone(good)
		bad[at] = b
		return bad
	}
	for name, c := range map[string]struct {
		raw  []byte
		want events.Reason
	}{
		"another network":    {change(0, 0), events.WrongStartString},
		"an unknown command": {envelope.Append(nil, p.Net, "getblocks", payload), events.UnknownCommand},
		"padding":            {change(15, 'x'), events.BadPadding},
		"4 MB and more":      {change(19, 0xff), events.Oversize},
		"checksum":           {change(20, good[20]+1), events.BadChecksum},
		"102 hashes":         {envelope.Append(nil, p.Net, "getheaders", locator(102)), events.TooMany},
		"cut off":            {good[:len(good)-1], events.Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			testnet.Run(t, 1, func(t *testing.T, chains []*chain.Chain) {
				s := set(t, chains[0], 12)
				s.villain.Serve()
				testhost.Connect(t, s.villain.Host, s.node.Host())
				if err := s.villain.Greet(s.node); err != nil {
					t.Fatal(err)
				}
				stream, err := s.villain.Host.NewStream(t.Context(), s.node.Host().ID(), headers.Spec(p).ID)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := stream.Write(c.raw); err != nil {
					t.Fatal(err)
				}
				if err := stream.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				s.settle(time.Second)
				s.dropped()
				if len(s.charged) == 0 || s.charged[0].Reason != c.want {
					t.Errorf("charges %v, want %s", s.charged, c.want)
				}
			})
		})
	}
}

// locator is a payload of getheaders with n hashes.
func locator(n int) []byte {
	p := append([]byte{0x80, 0x11, 0x01, 0}, byte(n))
	return append(p, strings.Repeat("\x01", n*chainhash.HashSize+chainhash.HashSize)...)
}
