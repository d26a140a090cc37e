package gossip

import (
	"errors"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

var (
	errTopic  = errors.New("not the topic's command")
	errAuthor = errors.New("names an author or is signed")
)

// tracer is pubsub's eye on single messages. It is called within pubsub's own loop
// and does little.
type tracer struct{ gossip *Gossip }

// DeliverMessage implements pubsub.RawTracer: gossip has brought it, and we do not
// publish it.
func (t *tracer) DeliverMessage(m *pubsub.Message) {
	t.gossip.ids.add(m.ID)
	t.seen(m)
}

// DuplicateMessage implements pubsub.RawTracer: another peer has it as well.
func (t *tracer) DuplicateMessage(m *pubsub.Message) { t.seen(m) }

// seen tells of a peer's copy of a transaction.
func (t *tracer) seen(m *pubsub.Message) {
	g := t.gossip
	if _, own := m.ValidatorData.(ours); own {
		return
	}
	if id := []byte(m.ID); len(id) == chainhash.HashSize && m.GetTopic() == g.names.txs {
		g.parts.Seen(chainhash.Hash(id), m.ReceivedFrom)
	}
}

// RecvRPC implements pubsub.RawTracer: who offers a transaction has it.
func (t *tracer) RecvRPC(rpc *pubsub.RPC) {
	g := t.gossip
	for _, offer := range rpc.GetControl().GetIhave() {
		if offer.GetTopicID() != g.names.txs {
			continue
		}
		for _, id := range offer.GetMessageIDs() {
			if len(id) == chainhash.HashSize {
				g.parts.Seen(chainhash.Hash([]byte(id)), rpc.From())
			}
		}
	}
}

// RejectMessage implements pubsub.RawTracer. Our validators charge by themselves;
// what pubsub finds is charged here.
func (t *tracer) RejectMessage(m *pubsub.Message, reason string) {
	switch reason {
	case pubsub.RejectUnexpectedAuthInfo, pubsub.RejectUnexpectedSignature:
		t.gossip.parts.Charge(m.ReceivedFrom, exchange.Charge(m.ReceivedFrom, events.Malformed, "gossip: %w", errAuthor))
	}
}

// The rest of pubsub.RawTracer is of no interest.

// OnNewOutboundStream implements pubsub.RawTracer.
func (*tracer) OnNewOutboundStream(peer.ID, protocol.ID) {}

// OnClosedOutboundStream implements pubsub.RawTracer.
func (*tracer) OnClosedOutboundStream(peer.ID) {}

// Join implements pubsub.RawTracer.
func (*tracer) Join(string) {}

// Leave implements pubsub.RawTracer.
func (*tracer) Leave(string) {}

// Graft implements pubsub.RawTracer.
func (*tracer) Graft(peer.ID, string) {}

// Prune implements pubsub.RawTracer.
func (*tracer) Prune(peer.ID, string) {}

// ValidateMessage implements pubsub.RawTracer.
func (*tracer) ValidateMessage(*pubsub.Message) {}

// ThrottlePeer implements pubsub.RawTracer.
func (*tracer) ThrottlePeer(peer.ID) {}

// SendRPC implements pubsub.RawTracer.
func (*tracer) SendRPC(*pubsub.RPC, peer.ID) {}

// SendRPCCompleted implements pubsub.RawTracer.
func (*tracer) SendRPCCompleted(*pubsub.RPC, peer.ID, time.Duration) {}

// DropRPC implements pubsub.RawTracer.
func (*tracer) DropRPC(*pubsub.RPC, peer.ID) {}

// UndeliverableMessage implements pubsub.RawTracer.
func (*tracer) UndeliverableMessage(*pubsub.Message) {}

// ids remembers the last ids, between most and twice as many.
type ids struct {
	most int

	mu         sync.Mutex
	young, old map[string]struct{}
}

func newIDs(most int) *ids { return &ids{most: most, young: make(map[string]struct{})} }

// add remembers an id and says whether it is new.
func (s *ids) add(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[id]; ok {
		return false
	}
	_, ok := s.old[id]
	if len(s.young) >= s.most {
		s.young, s.old = make(map[string]struct{}), s.young
	}
	s.young[id] = struct{}{}
	return !ok
}
