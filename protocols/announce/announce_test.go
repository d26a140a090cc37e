package announce

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
)

var params = &chaincfg.RegressionNetParams

// sink hands on what is announced.
type sink chan []wire.BlockHeader

func (s sink) Announced(_ peer.ID, hs []wire.BlockHeader) { s <- hs }

func (sink) Inventory(peer.ID, []chainhash.Hash) {}

func (sink) Addresses(peer.ID, []addrlist.Entry) {}

// stock hands on the transactions that are announced.
type stock chan []chainhash.Hash

func (stock) Announced(peer.ID, []wire.BlockHeader) {}

func (s stock) Inventory(_ peer.ID, txs []chainhash.Hash) { s <- txs }

func (stock) Addresses(peer.ID, []addrlist.Entry) {}

// directory hands on the addresses that are announced.
type directory chan []addrlist.Entry

func (directory) Announced(peer.ID, []wire.BlockHeader) {}

func (directory) Inventory(peer.ID, []chainhash.Hash) {}

func (d directory) Addresses(_ peer.ID, entries []addrlist.Entry) { d <- entries }

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// listen makes a host listen to announcements. It returns what the host hears, and
// the outcomes that are not fine.
func listen(t *testing.T, h host.Host) (sink, <-chan exchange.Outcome) {
	t.Helper()
	heard := make(sink, 64)
	return heard, listenInto(t, h, heard)
}

func listenInto(t *testing.T, h host.Host, heard Sink) <-chan exchange.Outcome {
	t.Helper()
	outcomes := make(chan exchange.Outcome, 64)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) {
		if o.Reason != "" {
			outcomes <- o
		}
	})
	h.SetStreamHandler(Spec(params).ID, server.Handler(ctx, Spec(params), NewServer(params, heard).Handle))
	return outcomes
}

// announcer runs one on a host.
func announcer(t *testing.T, h host.Host) *Announcer {
	t.Helper()
	a := New(h, params)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return a
}

func made(n int) []wire.BlockHeader {
	return chaingen.Headers(params.GenesisBlock.Header, n, 1)
}

func last(t *testing.T, heard sink, within time.Duration) wire.BlockHeader {
	t.Helper()
	select {
	case hs := <-heard:
		return hs[len(hs)-1]
	case <-time.After(within):
		t.Fatal("nothing was announced")
		return wire.BlockHeader{}
	}
}

func TestTipsAreAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		one, _ := listen(t, hosts[1])
		two, _ := listen(t, hosts[2])
		a := announcer(t, hosts[0])
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			a.Join(h.ID())
		}
		tips := made(3)
		a.Announce(tips[0])
		for _, heard := range []sink{one, two} {
			if got := last(t, heard, time.Second); got != tips[0] {
				t.Errorf("announced %v, want %v", got.BlockHash(), tips[0].BlockHash())
			}
		}
		a.Announce(tips[1], hosts[2].ID()) // who told us
		if got := last(t, one, time.Second); got != tips[1] {
			t.Errorf("announced %v, want %v", got.BlockHash(), tips[1].BlockHash())
		}
		a.Leave(hosts[1].ID())
		a.Announce(tips[2])
		if got := last(t, two, time.Second); got != tips[2] {
			t.Errorf("announced %v, want %v", got.BlockHash(), tips[2].BlockHash())
		}
		if len(one) != 0 {
			t.Error("a peer that has left was told")
		}
		a.Join(hosts[1].ID())
		a.Announce(tips[2])
		last(t, one, time.Second)
	})
}

// What waits while a stream is opened goes out together if it is linked, and as
// the newest alone if it is too much or not linked.
func TestPendingTipsCollapse(t *testing.T) {
	tips := made(maxPending + 2)
	fork := chaingen.Headers(params.GenesisBlock.Header, 1, 2)[0]
	for name, c := range map[string]struct{ told, want []wire.BlockHeader }{
		"linked":     {tips[:3], tips[:3]},
		"too many":   {tips[:maxPending+1], tips[maxPending : maxPending+1]},
		"not linked": {[]wire.BlockHeader{tips[0], tips[1], fork}, []wire.BlockHeader{fork}},
	} {
		t.Run(name, func(t *testing.T) {
			a := New(nil, params)
			a.Join("p")
			for _, h := range c.told {
				a.Announce(h)
			}
			if got := a.listeners["p"].pending; !slices.Equal(got, c.want) {
				t.Errorf("%d headers wait, want %d", len(got), len(c.want))
			}
		})
	}
}

// A listener that takes no bytes, and one that does not even agree on the protocol.
func TestListenersThatTakeNothingDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 4, 20*time.Millisecond)
		heard, _ := listen(t, hosts[3])
		var streams atomic.Int32
		hosts[1].SetStreamHandler(Spec(params).ID, func(network.Stream) { streams.Add(1) }) // never reads
		hosts[2].Network().SetStreamHandler(func(network.Stream) {})                        // never negotiates
		a := announcer(t, hosts[0])
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			a.Join(h.ID())
		}
		tips := made(2)
		for i := 0; streams.Load() < 2; i++ { // until the first stream's window is full and its grace over
			if i > 100_000 {
				t.Fatal("the stream that nobody reads from is not given up")
			}
			begun, tip := time.Now(), tips[i%2]
			a.Announce(tip)
			if got := last(t, heard, time.Second); got != tip || time.Since(begun) > 200*time.Millisecond {
				t.Fatalf("announced %v after %v", got.BlockHash(), time.Since(begun))
			}
		}
	})
}

func TestPeerThatLeavesIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		a := announcer(t, hosts[0])
		testhost.Connect(t, hosts[0], hosts[1])
		time.Sleep(time.Second)
		hosts[1].Network().SetStreamHandler(func(network.Stream) {}) // never negotiates
		a.Join(hosts[1].ID())
		a.Announce(made(1)[0])
		time.Sleep(time.Second)
		conn := hosts[0].Network().ConnsToPeer(hosts[1].ID())[0]
		if n := len(conn.GetStreams()); n != 1 {
			t.Fatalf("%d streams are being opened", n)
		}
		a.Leave(hosts[1].ID())
		time.Sleep(time.Millisecond)
		if n := len(conn.GetStreams()); n != 0 {
			t.Errorf("%d streams are left", n)
		}
		a.Leave(hosts[1].ID()) // once more does nothing
		a.Announce(made(1)[0])
	})
}

// A listener that has ended its stream, when it rested for long or its node was
// restarted, is told of the very next tip.
func TestBrokenStreamIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		var resets atomic.Int32
		hosts[1].SetStreamHandler(Spec(params).ID, func(s network.Stream) { resets.Add(1); _ = s.Reset() })
		a := announcer(t, hosts[0])
		testhost.Connect(t, hosts[0], hosts[1])
		a.Join(hosts[1].ID())
		tips := made(3)
		a.Announce(tips[0])
		time.Sleep(time.Second)
		if n := resets.Load(); n != 1 {
			t.Fatalf("%d streams were reset, want 1", n)
		}
		heard, _ := listen(t, hosts[1])
		for _, tip := range tips[1:] {
			a.Announce(tip)
			if got := last(t, heard, time.Second); got != tip {
				t.Errorf("announced %v, want %v", got.BlockHash(), tip.BlockHash())
			}
		}
		time.Sleep(Spec(params).Idle + time.Hour)
		a.Announce(tips[0])
		last(t, heard, time.Second)
	})
}

func TestHostileAnnouncementsAreCharged(t *testing.T) {
	good := made(MaxEntries + 1)
	swapped := slices.Clone(good[:4])
	swapped[1], swapped[2] = swapped[2], swapped[1]
	weak := slices.Clone(good[:1])
	for headerlist.Check(params, weak) == nil {
		weak[0].Nonce++
	}
	said := func(hs []wire.BlockHeader) []byte {
		payload, err := headerlist.Encode(hs)
		if err != nil {
			t.Fatal(err)
		}
		return envelope.Append(nil, params.Net, headers, payload)
	}
	told := func(n, cut int) []byte {
		payload, err := addrlist.Encode(make([]addrlist.Entry, n), maxAddr)
		if err != nil {
			t.Fatal(err)
		}
		return envelope.Append(nil, params.Net, addr, payload[:len(payload)-cut])
	}
	change := func(at int, b byte) []byte {
		raw := said(good[:1])
		raw[at] ^= b
		return raw
	}
	for name, c := range map[string]struct {
		raw  []byte
		want events.Reason
	}{
		"1,025 headers":             {said(good), events.TooMany},
		"unsorted headers":          {said(swapped), events.UnsortedHeaders},
		"no work":                   {said(weak), events.BadProofOfWork},
		"a header that is cut off":  {envelope.Append(nil, params.Net, headers, []byte{1, 2, 3}), events.Malformed},
		"a byte too many":           {envelope.Append(nil, params.Net, headers, []byte{0, 0}), events.TrailingBytes},
		"an inv of 1,026 entries":   {envelope.Append(nil, params.Net, inv, make([]byte, 3+1026*36)), events.Oversize},
		"1,025 addresses":           {told(MaxEntries+1, 0), events.TooMany},
		"an address that is cut":    {told(2, 1), events.Malformed},
		"a byte after an address":   {envelope.Append(nil, params.Net, addr, []byte{0, 0}), events.TrailingBytes},
		"another network":           {change(0, 1), events.WrongStartString},
		"an unknown command":        {envelope.Append(nil, params.Net, "block", nil), events.UnknownCommand},
		"padding":                   {change(15, 1), events.BadPadding},
		"a changed byte":            {change(30, 1), events.BadChecksum},
		"the end within a message":  {change(0, 0)[:60], events.Truncated},
		"the end within the header": {change(0, 0)[:5], events.Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := testhost.New(t, 2, 20*time.Millisecond)
				heard, outcomes := listen(t, hosts[1])
				testhost.Connect(t, hosts[0], hosts[1])
				stream, err := hosts[0].NewStream(t.Context(), hosts[1].ID(), Spec(params).ID)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := stream.Write(c.raw); err != nil {
					t.Fatal(err)
				}
				if err := stream.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				if o := <-outcomes; o.Reason != c.want {
					t.Errorf("outcome %+v, want %s", o, c.want)
				}
				if len(heard) != 0 {
					t.Error("the sink was told")
				}
			})
		})
	}
}

func TestOtherMessagesAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		heard, _ := listen(t, hosts[1])
		testhost.Connect(t, hosts[0], hosts[1])
		d, err := exchange.Open(t.Context(), hosts[0], hosts[1].ID(), Spec(params))
		if err != nil {
			t.Fatal(err)
		}
		tip := made(1)
		payload, err := headerlist.Encode(tip)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []exchange.Message{{Command: inv, Payload: []byte{0}}, {Command: addr, Payload: []byte{0}}, {Command: headers, Payload: payload}} {
			if err := d.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if got := last(t, heard, time.Second); got != tip[0] {
			t.Error("the announcement behind the others did not arrive")
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func ids(from, to int) []chainhash.Hash {
	all := make([]chainhash.Hash, 0, to-from)
	for i := from; i < to; i++ {
		all = append(all, chainhash.Hash{byte(i >> 8), byte(i)}) // below 65,536
	}
	return all
}

func TestTransactionsAreAnnouncedToThoseTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		one, two := make(stock, 64), make(stock, 64)
		listenInto(t, hosts[1], one)
		listenInto(t, hosts[2], two)
		a := announcer(t, hosts[0])
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			a.Join(h.ID())
		}
		a.Inventory(hosts[1].ID(), ids(0, 3))
		a.Inventory("a stranger", ids(0, 3))
		time.Sleep(time.Second)
		if got := <-one; !slices.Equal(got, ids(0, 3)) {
			t.Errorf("announced %v", got)
		}
		if len(two) > 0 {
			t.Error("a peer heard what another was told")
		}
		// More than one message takes, and with a tip before it.
		a.Announce(made(1)[0])
		a.Inventory(hosts[1].ID(), ids(0, 2*MaxEntries+1))
		time.Sleep(time.Second)
		var got []chainhash.Hash
		for _, n := range []int{MaxEntries, MaxEntries, 1} {
			part := <-one
			if len(part) != n {
				t.Errorf("%d ids in a message, want %d", len(part), n)
			}
			got = append(got, part...)
		}
		if !slices.Equal(got, ids(0, 2*MaxEntries+1)) {
			t.Error("not all were announced, or not in order")
		}
	})
}

func TestListenerThatFallsBehindMissesTheOldest(t *testing.T) {
	a := New(nil, params)
	a.Join("p")
	a.Inventory("p", ids(0, 4000))
	a.Inventory("p", ids(4000, 8000))
	if got := a.listeners["p"].txs; !slices.Equal(got, ids(3000, 8000)) {
		t.Errorf("%d ids wait, the first is %v", len(got), got[0])
	}
}

func TestAddressesAreAnnouncedToThoseTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		one, two := make(directory, 64), make(directory, 64)
		listenInto(t, hosts[1], one)
		listenInto(t, hosts[2], two)
		a := announcer(t, hosts[0])
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			a.Join(h.ID())
		}
		at := func(n int64) addrlist.Entry { return addrlist.Entry{Seen: time.Unix(n, 0), Record: []byte{byte(n)}} }
		for _, m := range [][]addrlist.Entry{{at(1), at(2)}, {at(3)}} {
			a.Addresses(hosts[1].ID(), m)
			a.Addresses("a stranger", m)
		}
		time.Sleep(time.Second)
		var got []int64
		for range 2 { // in two messages, as they were told
			for _, e := range <-one {
				got = append(got, e.Seen.Unix())
			}
		}
		if !slices.Equal(got, []int64{1, 2, 3}) || len(two) > 0 {
			t.Errorf("announced %v, and %d messages to the other", got, len(two))
		}
	})
}

func TestListenerThatFallsBehindMissesTheOldestAddresses(t *testing.T) {
	a := New(nil, params)
	a.Join("p")
	for i := range 2 * maxAddrs {
		a.Addresses("p", make([]addrlist.Entry, i+1))
	}
	if got := a.listeners["p"].addrs; len(got) != maxAddrs || len(got[0]) != maxAddrs+1 {
		t.Errorf("%d messages wait, the first with %d entries", len(got), len(got[0]))
	}
}
