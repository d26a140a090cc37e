package gossip

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

var params = &chaincfg.RegressionNetParams

// warm is long enough for meshes to form: a few heartbeats of 1 s.
const warm = 5 * time.Second

// station is a host that gossips, and what has come to it.
type station struct {
	*Gossip
	host host.Host

	mu     sync.Mutex
	came   came
	judge  func(tx *btcutil.Tx) Verdict
	barred map[peer.ID]bool
}

// came is what has come to a station.
type came struct {
	txs     []chainhash.Hash
	blocks  []chainhash.Hash
	seen    map[chainhash.Hash]int
	charges []events.Reason
}

// got returns a copy of what has come.
func (s *station) got() came {
	s.mu.Lock()
	defer s.mu.Unlock()
	return came{slices.Clone(s.came.txs), slices.Clone(s.came.blocks), maps.Clone(s.came.seen), slices.Clone(s.came.charges)}
}

func (s *station) Tx(_ context.Context, _ peer.ID, tx *btcutil.Tx) Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came.txs = append(s.came.txs, *tx.Hash())
	if s.judge != nil {
		return s.judge(tx)
	}
	return Accept
}

func (s *station) Block(_ context.Context, _ peer.ID, h wire.BlockHeader) Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came.blocks = append(s.came.blocks, h.BlockHash())
	return Accept
}

func start(t *testing.T, h host.Host) *station {
	t.Helper()
	s := &station{host: h, came: came{seen: make(map[chainhash.Hash]int)}, barred: make(map[peer.ID]bool)}
	s.Gossip = New(params, true, Parts{
		Host: h, Sink: s, Log: slog.New(slog.DiscardHandler),
		Admitted: func(p peer.ID) bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.barred[p] },
		Seen:     func(tx chainhash.Hash, _ peer.ID) { s.mu.Lock(); defer s.mu.Unlock(); s.came.seen[tx]++ },
		Charge: func(_ peer.ID, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.came.charges = append(s.came.charges, exchange.ReasonOf(err))
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// network starts n stations, each connected with the next three.
func network(t *testing.T, n int) []*station {
	t.Helper()
	hosts := testhost.New(t, n, 50*time.Millisecond)
	stations := make([]*station, n)
	for i, h := range hosts {
		stations[i] = start(t, h)
	}
	for i := range hosts {
		for k := 1; k <= 3 && k < n; k++ {
			if j := (i + k) % n; hosts[i].Network().Connectedness(hosts[j].ID()) == 0 {
				testhost.Connect(t, hosts[i], hosts[j])
			}
		}
	}
	time.Sleep(warm)
	return stations
}

func transaction(n byte) *btcutil.Tx {
	return purse.Pay(purse.Payment{Fee: 1000}, purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{n}}, Value: 50e8})
}

func TestEverybodyGetsEverythingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stations := network(t, 20)
		tx, header := transaction(1), chaingen.Headers(params.GenesisBlock.Header, 1, 1)[0]
		for range 3 { // the second and third do nothing
			if err := stations[0].PublishTx(t.Context(), tx, ""); err != nil {
				t.Fatal(err)
			}
			if err := stations[0].PublishBlock(t.Context(), header); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(warm)
		for i, s := range stations[1:] {
			if !slices.Equal(s.got().txs, []chainhash.Hash{*tx.Hash()}) || !slices.Equal(s.got().blocks, []chainhash.Hash{header.BlockHash()}) {
				t.Errorf("station %d has %d transactions and %d blocks", i+1, len(s.got().txs), len(s.got().blocks))
			}
			if s.got().seen[*tx.WitnessHash()] == 0 || len(s.got().charges) > 0 {
				t.Errorf("station %d saw %d copies, charged %v", i+1, s.got().seen[*tx.WitnessHash()], s.got().charges)
			}
		}
	})
}

// wiretap is a pubsub of its own that keeps what comes to it.
type wiretap struct {
	tracer
	mu   sync.Mutex
	rpcs []*pubsub.RPC
}

func (w *wiretap) RecvRPC(rpc *pubsub.RPC) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rpcs = append(w.rpcs, rpc)
}

// heard returns what has come so far.
func (w *wiretap) heard() []*pubsub.RPC {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.rpcs)
}

// listen joins the topics on a host with pubsub alone, and hears what neighbours send.
func listen(t *testing.T, h host.Host, options ...pubsub.Option) (*wiretap, *pubsub.PubSub) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	tap := &wiretap{tracer: tracer{gossip: New(params, true, Parts{Host: h, Seen: func(chainhash.Hash, peer.ID) {}, Charge: func(peer.ID, error) {}})}}
	ps, err := pubsub.NewGossipSub(ctx, h, append([]pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign), pubsub.WithNoAuthor(), pubsub.WithRawTracer(tap),
		pubsub.WithMessageIdFn(func(m *pb.Message) string { return string(m.GetData()) }),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return tap, ps
}

func join(t *testing.T, ps *pubsub.PubSub, name string) *pubsub.Topic {
	t.Helper()
	topic, err := ps.Join(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topic.Relay(); err != nil {
		t.Fatal(err)
	}
	return topic
}

// Nothing on the wire says that a node is a transaction's origin: no author, no
// sequence number, no signature, no IDONTWANT, and nothing for a second time.
func TestWireNamesNoOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		s := start(t, hosts[0])
		tap, ps := listen(t, hosts[1])
		join(t, ps, Topic(params, "tx"))
		testhost.Connect(t, hosts[0], hosts[1])
		time.Sleep(warm)
		big := purse.Pay(purse.Payment{Fee: 1000, Padding: 100_000}, purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{9}}, Value: 50e8})
		for range 2 {
			if err := s.PublishTx(t.Context(), big, ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(warm)
		}
		var messages []*pb.Message
		for _, rpc := range tap.heard() {
			messages = append(messages, rpc.GetPublish()...)
			if n := len(rpc.GetControl().GetIdontwant()); n > 0 {
				t.Errorf("%d IDONTWANT", n)
			}
		}
		if len(messages) != 1 {
			t.Fatalf("%d messages, want 1", len(messages))
		}
		if m := messages[0]; m.From != nil || m.Seqno != nil || m.Signature != nil || m.Key != nil {
			t.Errorf("author %x, sequence number %x, signature %x, key %x", m.From, m.Seqno, m.Signature, m.Key)
		}
	})
}

func sealed(tb testing.TB, tx *btcutil.Tx) []byte {
	tb.Helper()
	payload, err := envelope.Marshal(tx.MsgTx())
	if err != nil {
		tb.Fatal(err)
	}
	return envelope.Append(nil, params.Net, "tx", payload)
}

// A copy with a spoilt witness has the same txid; it must not take the real one's
// place among what was seen. Neither may a copy in a spoilt envelope.
func TestSpoiltCopyShadowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 50*time.Millisecond)
		s := start(t, hosts[0])
		topics := make([]*pubsub.Topic, 2)
		for i, h := range hosts[1:] { // not connected with one another
			_, ps := listen(t, h)
			topics[i] = join(t, ps, Topic(params, "tx"))
			testhost.Connect(t, hosts[0], h)
		}
		time.Sleep(warm)
		good := transaction(1)
		spoilt := good.MsgTx().Copy()
		spoilt.TxIn[0].Witness = wire.TxWitness{{1}}
		s.mu.Lock()
		s.judge = func(tx *btcutil.Tx) Verdict {
			if tx.HasWitness() {
				return Ignore
			}
			return Accept
		}
		s.mu.Unlock()
		broken := sealed(t, good)
		broken[22] ^= 1
		for i, data := range [][]byte{sealed(t, btcutil.NewTx(spoilt)), broken, sealed(t, good)} {
			if err := topics[i/2].Publish(t.Context(), data); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if len(s.got().txs) != 2 || !slices.Equal(s.got().charges, []events.Reason{events.BadChecksum}) {
			t.Errorf("%d transactions came through, charged %v", len(s.got().txs), s.got().charges)
		}
	})
}

func TestBadMessagesAreChargedAndTheirSenderIsGraylisted(t *testing.T) {
	header, err := headerPayload(chaingen.Headers(params.GenesisBlock.Header, 1, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	two := append([]byte{2}, slices.Concat(header[1:], header[1:])...)
	tx := sealed(t, transaction(1))
	for name, c := range map[string]struct {
		topic string
		data  []byte
		want  events.Reason
	}{
		"noise":                 {"tx", []byte("noise"), events.Truncated},
		"another network":       {"tx", envelope.Append(nil, 7, "tx", tx[24:]), events.WrongStartString},
		"another command":       {"tx", envelope.Append(nil, params.Net, "headers", header), events.UnknownCommand},
		"a byte more":           {"tx", envelope.Append(nil, params.Net, "tx", append(bytes.Clone(tx[24:]), 0)), events.TrailingBytes},
		"no transaction":        {"tx", envelope.Append(nil, params.Net, "tx", []byte{1, 2, 3}), events.Malformed},
		"oversize":              {"tx", envelope.Append(nil, params.Net, "tx", make([]byte, maxTx+1)), events.Oversize},
		"two headers":           {"block", envelope.Append(nil, params.Net, "headers", two), events.Oversize},
		"a header without work": {"block", envelope.Append(nil, params.Net, "headers", weak(header)), events.BadProofOfWork},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := testhost.New(t, 2, 50*time.Millisecond)
				s := start(t, hosts[0])
				_, ps := listen(t, hosts[1])
				topic := join(t, ps, Topic(params, c.topic))
				testhost.Connect(t, hosts[0], hosts[1])
				time.Sleep(warm)
				if err := topic.Publish(t.Context(), c.data); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if !slices.Equal(s.got().charges, []events.Reason{c.want}) {
					t.Fatalf("charged %v, want %s", s.got().charges, c.want)
				}
				// Row P1: more of it, and nothing that it sends is looked at any more.
				for i := range 20 {
					data := append(bytes.Clone(c.data), byte(i))
					if err := topic.Publish(t.Context(), data); err != nil {
						t.Fatal(err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(2 * time.Second)
				before := len(s.got().charges)
				if err := topic.Publish(t.Context(), append(bytes.Clone(c.data), 0xff)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if len(s.got().charges) != before {
					t.Error("its messages are looked at still")
				}
			})
		})
	}
}

func headerPayload(h wire.BlockHeader) ([]byte, error) {
	var w bytes.Buffer
	w.WriteByte(1)
	err := h.Serialize(&w)
	w.WriteByte(0)
	return w.Bytes(), err
}

// weak changes a header until it has no work.
func weak(payload []byte) []byte {
	p := bytes.Clone(payload)
	for i := uint32(0); ; i++ {
		binary.LittleEndian.PutUint32(p[77:], i)
		if hash := chainhash.DoubleHashH(p[1:81]); hash[31] >= 0x80 {
			return p
		}
	}
}

func TestSignedMessagesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		s := start(t, hosts[0])
		_, ps := listen(t, hosts[1], pubsub.WithMessageSignaturePolicy(pubsub.StrictSign), pubsub.WithMessageAuthor(hosts[1].ID()))
		topic := join(t, ps, Topic(params, "tx"))
		testhost.Connect(t, hosts[0], hosts[1])
		time.Sleep(warm)
		if err := topic.Publish(t.Context(), sealed(t, transaction(1))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if len(s.got().txs) > 0 || len(s.got().charges) != 1 {
			t.Errorf("%d came through, charged %v", len(s.got().txs), s.got().charges)
		}
	})
}

// Row P4: topics that are not ours take no memory, and name nothing in our state.
func TestOtherTopicsAreNotTracked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		s := start(t, hosts[0])
		testhost.Connect(t, hosts[1], hosts[0])
		time.Sleep(warm)
		stream, err := hosts[1].NewStream(t.Context(), hosts[0].ID(), protocol.ID("/meshsub/1.1.0"))
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Reset()
		yes := true
		for i := range 200 {
			rpc := &pb.RPC{}
			for k := range 500 {
				name := string(binary.BigEndian.AppendUint32([]byte("topic"), uint32(i*500+k))) // 100,000 of them
				rpc.Subscriptions = append(rpc.Subscriptions, &pb.RPC_SubOpts{Subscribe: &yes, Topicid: &name})
				rpc.Control = &pb.ControlMessage{Graft: []*pb.ControlGraft{{TopicID: &name}}}
			}
			raw, err := proto.Marshal(rpc)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Write(append(binary.AppendUvarint(nil, uint64(len(raw))), raw...)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(warm)
		if peers := s.txs.ListPeers(); len(peers) > 0 {
			t.Errorf("%d peers in a topic that they did not join", len(peers))
		}
	})
}

// A peer that has not completed its handshake gets nothing and is not listened to;
// once it has, it needs no new subscription.
func TestStrangersAreKeptOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		s := start(t, hosts[0])
		s.mu.Lock()
		s.barred[hosts[1].ID()] = true
		s.mu.Unlock()
		tap, ps := listen(t, hosts[1])
		topic := join(t, ps, Topic(params, "tx"))
		testhost.Connect(t, hosts[0], hosts[1])
		time.Sleep(warm)
		ctx, stop := context.WithTimeout(t.Context(), warm)
		defer stop()
		if err := s.PublishTx(ctx, transaction(1), ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("publishing to strangers: %v", err)
		}
		if err := topic.Publish(t.Context(), sealed(t, transaction(2))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(warm)
		for _, rpc := range tap.heard() {
			if len(rpc.GetPublish()) > 0 {
				t.Error("a stranger was sent a transaction")
			}
		}
		if len(s.got().txs) > 0 {
			t.Error("a stranger was listened to")
		}
		s.mu.Lock()
		s.barred[hosts[1].ID()] = false
		s.mu.Unlock()
		time.Sleep(warm)
		if err := topic.Publish(t.Context(), sealed(t, transaction(3))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(warm)
		if len(s.got().txs) != 1 {
			t.Errorf("%d transactions after the handshake, want 1", len(s.got().txs))
		}
	})
}

func FuzzID(f *testing.F) {
	f.Add(sealed(f, transaction(1)), true)
	f.Add([]byte("noise"), false)
	n := namer{net: params.Net, txs: "tx", block: "block"}
	f.Fuzz(func(t *testing.T, data []byte, tx bool) {
		topic := "block"
		if tx {
			topic = "tx"
		}
		id := n.id(&pb.Message{Data: data, Topic: &topic})
		_, payload, err := envelope.Decode(data, params.Net, limits())
		if fine := err == nil && len(id) == chainhash.HashSize; fine && tx && id != string(chainhash.DoubleHashB(payload)) {
			t.Errorf("%x is named %x", data, id)
		}
		if err != nil && id[0] != '?' && len(data) < maxTx {
			t.Errorf("%x is no envelope and is named %x", data, id)
		}
	})
}

func BenchmarkID(b *testing.B) {
	n := namer{net: params.Net, txs: "tx", block: "block"}
	topic := "tx"
	m := &pb.Message{Data: sealed(b, transaction(1)), Topic: &topic}
	for b.Loop() {
		n.id(m)
	}
}
