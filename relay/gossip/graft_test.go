package gossip

import (
	"encoding/binary"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	libp2p "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"

	"github.com/pappus-network/pappus/internal/testhost"
)

// Row P3: a peer that is pruned and grafts again and again, within the time that it has
// been told to wait, is not taken back and soon not listened to; honest peers notice
// nothing of it.
func TestGraftSpamIsGraylisted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 50*time.Millisecond)
		s := start(t, hosts[0])
		villain, honest := hosts[1], hosts[2]
		const meshsub = protocol.ID("/meshsub/1.1.0")
		pushed := make(chan int, 1) // bytes that the villain is sent, of all streams
		pushed <- 0
		villain.SetStreamHandler(meshsub, func(in libp2p.Stream) {
			buf := make([]byte, 4096)
			for {
				n, err := in.Read(buf)
				pushed <- <-pushed + n
				if err != nil {
					_ = in.Reset()
					return
				}
			}
		})
		testhost.Connect(t, villain, hosts[0])
		tap, ps := listen(t, honest)
		topic := join(t, ps, Topic(params, "tx"))
		testhost.Connect(t, honest, hosts[0])
		time.Sleep(warm)

		out, err := villain.NewStream(t.Context(), hosts[0].ID(), meshsub)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Reset() }()
		name, yes := Topic(params, "tx"), true
		say := func(rpc *pb.RPC) {
			t.Helper()
			raw, err := proto.Marshal(rpc)
			if err == nil {
				_, err = out.Write(append(binary.AppendUvarint(nil, uint64(len(raw))), raw...))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		graft := &pb.RPC{Control: &pb.ControlMessage{Graft: []*pb.ControlGraft{{TopicID: &name}}}}
		publish := func(n byte) { say(&pb.RPC{Publish: []*pb.Message{{Topic: &name, Data: sealed(t, transaction(n))}}}) }

		say(&pb.RPC{Subscriptions: []*pb.RPC_SubOpts{{Subscribe: &yes, Topicid: &name}}})
		say(graft)
		publish(1)
		time.Sleep(time.Second)
		if len(s.got().txs) != 1 {
			t.Fatal("the villain is not listened to before it does anything wrong: the story tells nothing")
		}
		say(&pb.RPC{Control: &pb.ControlMessage{Prune: []*pb.ControlPrune{{TopicID: &name}}}})
		for range 100 {
			say(graft)
		}
		time.Sleep(time.Second)
		publish(2)
		time.Sleep(time.Second)
		if slices.Contains(s.got().txs, *transaction(2).Hash()) {
			t.Error("a peer that floods GRAFTs is listened to still")
		}

		sent := <-pushed
		pushed <- sent
		if err := s.PublishTx(t.Context(), transaction(3), ""); err != nil {
			t.Fatal(err)
		}
		if err := topic.Publish(t.Context(), sealed(t, transaction(4))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(warm)
		if n := <-pushed; n-sent >= len(sealed(t, transaction(3))) {
			t.Errorf("the villain was sent %d bytes: it is in the mesh", n-sent)
		} else {
			pushed <- n
		}
		if n := published(tap); n != 2 || !slices.Contains(s.got().txs, *transaction(4).Hash()) {
			t.Errorf("the honest peer was sent %d transactions, want 2; ours has %d", n, len(s.got().txs))
		}
	})
}
