package gossip

import (
	"context"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
	"github.com/pappus-network/pappus/protocols/rawtx"
)

// ours marks a message that this node publishes.
type ours struct{ except peer.ID }

// publish accepts a message of our own, and has pubsub take it for one that came from
// the excepted peer: that is whom pubsub does not push a message to.
func publish(m *pubsub.Message) pubsub.ValidationResult {
	if o, ok := m.ValidatorData.(ours); ok && o.except != "" {
		m.ReceivedFrom = o.except
	}
	return pubsub.ValidationAccept
}

// checkTx is the validator of the topic of transactions.
func (g *Gossip) checkTx(ctx context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if from == g.parts.Host.ID() {
		return publish(m) // it is in our mempool
	}
	payload, err := g.open(m.GetData(), tx)
	if err != nil {
		return g.refuse(from, err)
	}
	t, err := rawtx.Parse(payload)
	if err != nil {
		return g.refuse(from, err)
	}
	return g.result(g.parts.Sink.Tx(ctx, from, t))
}

// checkBlock is the validator of the topic of blocks.
func (g *Gossip) checkBlock(ctx context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if from == g.parts.Host.ID() {
		return publish(m)
	}
	payload, err := g.open(m.GetData(), headers)
	if err != nil {
		return g.refuse(from, err)
	}
	hs, err := headerlist.Decode(payload, 1, events.TooManyHeaders)
	if err == nil && len(hs) == 0 {
		err = exchange.Charge(from, events.Malformed, "no header")
	}
	if err == nil {
		err = headerlist.Check(g.params, hs)
	}
	if err != nil {
		return g.refuse(from, err)
	}
	return g.result(g.parts.Sink.Block(ctx, from, hs[0]))
}

// open takes the payload out of the envelope that a topic carries.
func (g *Gossip) open(data []byte, want envelope.Command) ([]byte, error) {
	all := limits()
	command, payload, err := envelope.Decode(data, g.params.Net, envelope.Limits{want: all[want]})
	if err != nil {
		return nil, err
	}
	if command != want {
		return nil, &envelope.Error{Reason: events.UnknownCommand, Err: errTopic}
	}
	return payload, nil
}

// refuse charges a peer for what no honest one forwards.
func (g *Gossip) refuse(from peer.ID, err error) pubsub.ValidationResult {
	g.parts.Charge(from, exchange.Charge(from, exchange.ReasonOf(err), "gossip: %w", err))
	return pubsub.ValidationReject
}

func (g *Gossip) result(v Verdict) pubsub.ValidationResult {
	switch v {
	case Accept:
		return pubsub.ValidationAccept
	case Reject:
		return pubsub.ValidationReject
	case Ignore:
	}
	return pubsub.ValidationIgnore
}
