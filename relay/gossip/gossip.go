package gossip

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/headerlist"
)

// Verdict says what becomes of a message.
type Verdict int

// The verdicts there are.
const (
	Accept Verdict = iota // forward it
	Ignore                // do not, and nobody is to blame
	Reject                // do not: no honest peer forwards it
)

// Sink takes what gossip brings. It may take its time: many calls run at once.
type Sink interface {
	Tx(ctx context.Context, from peer.ID, tx *btcutil.Tx) Verdict
	Block(ctx context.Context, from peer.ID, header wire.BlockHeader) Verdict
}

// Parts are the collaborators of a Gossip.
type Parts struct {
	Host host.Host
	Sink Sink
	// Admitted says whether a peer has completed its handshake. Until it has,
	// nothing is sent to it and nothing but its subscriptions taken from it.
	Admitted func(peer.ID) bool
	// Barred says whether a peer is to have nothing to do with gossip: to it this node looks
	// like one without topics. nil = nobody.
	Barred func(peer.ID) bool
	// Seen is told of each copy of a transaction that a peer sends, by its wtxid. It
	// must be quick.
	Seen   func(wtxid chainhash.Hash, from peer.ID)
	Charge func(peer.ID, error)
	Log    *slog.Logger
}

// Gossip is one node's part in gossipsub. It is safe for concurrent use.
type Gossip struct {
	params *chaincfg.Params
	parts  Parts
	local  bool
	names  namer

	ready  chan struct{} // txs and blocks are set
	txs    *pubsub.Topic
	blocks *pubsub.Topic
	ids    *ids
}

// Topic returns the name of a topic on a network: tx or block.
func Topic(params *chaincfg.Params, name string) string {
	return "/pappus/" + params.Name + "/" + name + "/1"
}

// New returns one that is silent until Run. local says that many nodes of the
// network may share an address.
func New(params *chaincfg.Params, local bool, parts Parts) *Gossip {
	return &Gossip{
		params: params, parts: parts, local: local, ready: make(chan struct{}), ids: newIDs(remembered),
		names: namer{net: params.Net, txs: Topic(params, "tx"), block: Topic(params, "block")},
	}
}

// Run gossips until ctx ends.
func (g *Gossip) Run(ctx context.Context) error {
	ps, err := pubsub.NewGossipSub(ctx, g.parts.Host, g.options()...)
	if err != nil {
		return fmt.Errorf("start gossipsub: %w", err)
	}
	if g.txs, err = g.join(ps, g.names.txs, g.checkTx); err != nil {
		return err
	}
	if g.blocks, err = g.join(ps, g.names.block, g.checkBlock); err != nil {
		return err
	}
	close(g.ready)
	<-ctx.Done()
	return nil
}

func (g *Gossip) options() []pubsub.Option {
	params := pubsub.DefaultGossipSubParams()
	// Above what any message can be: an origin would send IDONTWANT to its whole mesh,
	// a relay to all but the one it has the message from.
	params.IDontWantMessageThreshold = maxMessage + 1
	score, thresholds := scores(g.local)
	score.Topics[g.names.txs], score.Topics[g.names.block] = score.Topics["tx"], score.Topics["block"]
	delete(score.Topics, "tx")
	delete(score.Topics, "block")
	if g.parts.Barred == nil {
		g.parts.Barred = func(peer.ID) bool { return false }
	}
	return []pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(g.names.id),
		pubsub.WithFloodPublish(false),
		pubsub.WithGossipSubParams(params),
		pubsub.WithPeerScore(score, thresholds),
		pubsub.WithMaxMessageSize(maxMessage),
		pubsub.WithSubscriptionFilter(pubsub.WrapLimitSubscriptionFilter(
			pubsub.NewAllowlistSubscriptionFilter(g.names.txs, g.names.block), maxSubscriptions)),
		pubsub.WithBlacklist(barred(g.parts.Barred)),
		pubsub.WithPeerFilter(func(p peer.ID, _ string) bool { return g.parts.Admitted(p) }),
		pubsub.WithAppSpecificRpcInspector(g.inspect),
		pubsub.WithValidateQueueSize(queued),
		pubsub.WithPeerOutboundQueueSize(outbound),
		pubsub.WithRawTracer(&tracer{gossip: g}),
		pubsub.WithLogger(slog.New(quiet{g.parts.Log.Handler()})),
	}
}

// inspect leaves of a message from a peer that is not admitted yet its
// subscriptions, which come once and at once.
func (g *Gossip) inspect(from peer.ID, rpc *pubsub.RPC) error {
	if !g.parts.Admitted(from) {
		rpc.Publish, rpc.Control = nil, nil
	}
	return nil
}

func (g *Gossip) join(ps *pubsub.PubSub, name string, check func(context.Context, peer.ID, *pubsub.Message) pubsub.ValidationResult) (*pubsub.Topic, error) {
	if err := ps.RegisterTopicValidator(name, check, pubsub.WithValidatorConcurrency(validating)); err != nil {
		return nil, fmt.Errorf("join %s: %w", name, err)
	}
	topic, err := ps.Join(name)
	if err != nil {
		return nil, fmt.Errorf("join %s: %w", name, err)
	}
	if _, err := topic.Relay(); err != nil { // ends with the context of ps
		return nil, fmt.Errorf("forward %s: %w", name, err)
	}
	return topic, nil
}

// PublishTx gossips a transaction, unless gossip has delivered it before. It is not
// pushed to the excepted peer, "" for none, unless there is no other. It waits until there
// is anybody to push it to: a node that has just been started has no mesh yet.
func (g *Gossip) PublishTx(ctx context.Context, t *btcutil.Tx, except peer.ID) error {
	payload, err := envelope.Marshal(t.MsgTx())
	if err != nil {
		return fmt.Errorf("publish transaction %v: %w", t.Hash(), err)
	}
	return g.publish(ctx, tx, payload, *t.WitnessHash(), except)
}

// PublishBlock gossips a new block's header, unless gossip has delivered it before.
func (g *Gossip) PublishBlock(ctx context.Context, h wire.BlockHeader) error {
	payload, err := headerlist.Encode([]wire.BlockHeader{h})
	if err != nil {
		return fmt.Errorf("publish block %v: %w", h.BlockHash(), err)
	}
	return g.publish(ctx, headers, payload, h.BlockHash(), "")
}

func (g *Gossip) publish(ctx context.Context, command envelope.Command, payload []byte, id chainhash.Hash, except peer.ID) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-g.ready:
	}
	if !g.ids.add(string(id[:])) {
		return nil
	}
	topic, options := g.txs, []pubsub.PubOpt{pubsub.WithReadiness(pubsub.MinTopicSize(1))}
	if command == headers {
		topic, options = g.blocks, nil // who comes later asks for headers
	}
	if !slices.ContainsFunc(topic.ListPeers(), func(p peer.ID) bool { return p != except }) {
		except = ""
	}
	if err := topic.Publish(ctx, envelope.Append(nil, g.params.Net, command, payload), append(options, pubsub.WithValidatorData(ours{except}))...); err != nil {
		return fmt.Errorf("publish %s %v: %w", command, id, err)
	}
	return nil
}
