package node_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/stem"
	"github.com/pappus-network/pappus/relay"
	"github.com/pappus-network/pappus/relay/gossip"
)

// during runs something until the test's end, or until the returned function is called.
func during(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// Row T2: who announces first and never delivers delays a transaction by a minute at
// most.
func TestSilentAnnouncerDelaysAMinuteAtMost(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Broadcast = string(relay.Diffusion) })
		victim, honest, villain := nodes[0], nodes[1], nodes[2]
		villain.Host().SetStreamHandler(objects.Spec(params).ID, func(network.Stream) {}) // takes the question and is silent
		tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		a := announce.New(villain.Host(), params)
		stop := during(t, a.Run)
		a.Join(victim.Host().ID())
		a.Inventory(victim.Host().ID(), []chainhash.Hash{*tx.Hash()})
		time.Sleep(5 * time.Second)
		begun := time.Now()
		if err := honest.Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		spread(t, nodes[:1], tx, 90*time.Second)
		if took := time.Since(begun); took > 65*time.Second {
			t.Errorf("it took %v", took)
		}
		stop()
	})
}

// library serves made-up transactions.
type library map[chainhash.Hash][]byte

func (library) RawBlock(chainhash.Hash) ([]byte, error) { return nil, objects.ErrNotFound }
func (l library) RawTx(_ peer.ID, hash chainhash.Hash) ([]byte, error) {
	if raw, ok := l[hash]; ok {
		return raw, nil
	}
	return nil, objects.ErrNotFound
}

type anybody struct{}

func (anybody) Admit(context.Context, network.Conn) error { return nil }

// Each way in: what breaks consensus costs its sender the link, and everything else,
// which an honest peer may have sent, costs nothing and shows nothing.
func TestBadTransactionsByEachWay(t *testing.T) {
	for _, way := range []string{"stem", "announce", "gossip"} {
		t.Run(way, func(t *testing.T) {
			testnet.Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
				nodes, coins := ring(t, chains)
				victim, villain := nodes[0], nodes[2]
				waiting := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
				if err := victim.Chain().Submit(waiting); err != nil {
					t.Fatal(err)
				}
				send := sending(t, way, victim, villain)
				for name, tx := range map[string]*btcutil.Tx{
					"known":       waiting,
					"conflicting": purse.Pay(purse.Payment{Fee: 2000}, coins[0]),
					"low fee":     purse.Pay(purse.Payment{Fee: 1}, coins[1]),
					"orphan":      purse.Pay(purse.Payment{Fee: 100}, purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{7}}, Value: 500}),
					"oversize":    purse.Pay(purse.Payment{Fee: 200_000, Padding: 100_001}, coins[2]),
				} {
					send(tx)
					time.Sleep(3 * time.Second)
					if victim.Host().Network().Connectedness(villain.Host().ID()) != network.Connected {
						t.Fatalf("%s: the link was given up", name)
					}
				}
				sub := victim.Bus().Subscribe()
				defer sub.Close()
				send(purse.Pay(purse.Payment{Fee: -1}, coins[3])) // makes money
				time.Sleep(3 * time.Second)
				charged := false
				for len(sub.C) > 0 {
					if e, ok := (<-sub.C).(events.Charged); ok && e.Peer == villain.Host().ID() {
						charged = charged || e.Reason == events.InvalidTx
					}
				}
				if !charged {
					t.Error("nobody was charged for a transaction that makes money")
				}
				for _, n := range nodes[1:] {
					if n != villain && victim.Host().Network().Connectedness(n.Host().ID()) != network.Connected {
						t.Error("an honest peer lost its link")
					}
				}
			})
		})
	}
}

// sending returns what sends a transaction from the villain to the victim.
func sending(t *testing.T, way string, victim, villain *testnet.Node) func(*btcutil.Tx) {
	t.Helper()
	if way == "stem" {
		s := stem.NewSender(villain.Host(), params)
		during(t, s.Run)
		s.Join(victim.Host().ID())
		return func(tx *btcutil.Tx) { s.Send(victim.Host().ID(), serialize(t, tx), func(error) {}) }
	}
	if way == "gossip" {
		topic := gossip.Topic(params, "tx")
		return func(tx *btcutil.Tx) {
			rpc := &pb.RPC{Publish: []*pb.Message{{Topic: &topic, Data: envelope.Append(nil, params.Net, "tx", serialize(t, tx))}}}
			raw, err := proto.Marshal(rpc)
			if err != nil {
				t.Fatal(err)
			}
			// A stream for each: the victim lets go of the one before, which the villain's own
			// gossipsub may have opened again.
			s, err := villain.Host().NewStream(t.Context(), victim.Host().ID(), "/meshsub/1.1.0")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Write(append(binary.AppendUvarint(nil, uint64(len(raw))), raw...)); err != nil {
				t.Fatal(err)
			}
		}
	}
	books := make(library)
	server := exchange.NewServer(anybody{}, exchange.DefaultLimits(), func(exchange.Outcome) {})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	villain.Host().SetStreamHandler(objects.Spec(params).ID, server.Handler(ctx, objects.Spec(params), objects.NewServer(books).Handle))
	a := announce.New(villain.Host(), params)
	during(t, a.Run)
	a.Join(victim.Host().ID())
	return func(tx *btcutil.Tx) {
		books[*tx.Hash()] = serialize(t, tx)
		a.Inventory(victim.Host().ID(), []chainhash.Hash{*tx.Hash()})
	}
}
