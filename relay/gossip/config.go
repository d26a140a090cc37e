package gossip

import (
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/envelope"
)

const (
	// maxTx is the largest transaction: 400,000 weight units are at most so many
	// bytes. Source: Bitcoin Core's MAX_STANDARD_TX_WEIGHT.
	maxTx = 400_000
	// maxMessage bounds one message of pubsub's wire, which may carry several of
	// ours. Source: pubsub's own default.
	maxMessage = 1 << 20
	// queued and validating are how many messages wait and are validated at once.
	// Beyond, they are dropped unseen and come from another peer. 1,280 of the usual
	// size take 500 KB; of the largest, which cost their sender 400 KB of bandwidth
	// each, 512 MB.
	queued     = 1024
	validating = 256
	// outbound is how many messages wait for one slow peer; what comes on top is lost
	// to it until it asks for our mempool. pubsub's own 32 are too few for a burst: a
	// second of 1,000 transactions fits. The messages are shared by all peers and most
	// of them are in the mempool.
	outbound = 1024
	// remembered is how many ids are kept of what gossip has delivered, at least:
	// what is in there is not published again. 2 × 65,536 × 40 bytes.
	remembered = 1 << 16
	// maxSubscriptions is the most topics one message may name: ours and some room
	// for a release to come. Source: js GHSA-4f8r-922h-2vgv for what happens without.
	maxSubscriptions = 8
)

// limits are what an envelope may hold.
func limits() envelope.Limits { return envelope.Limits{tx: maxTx, headers: oneHeader} }

const (
	tx      = envelope.Command("tx")
	headers = envelope.Command("headers")
	// oneHeader is 1 count · 80 header · 1 zero, as the headers protocol has it.
	oneHeader = 82
)

// Scores of peers and what they cost them. The values are those that Filecoin's
// Lotus has run since 2020, which were tested against the attacks of the gossipsub
// v1.1 report; where we differ the reason stands beside it.
const (
	gossipThreshold   = -500
	publishThreshold  = -1000
	graylistThreshold = -2500
	graftThreshold    = 3.5
	invalidWeight     = -1000 // a second invalid message within the hour: graylisted
	penaltyWeight     = -10   // squared, for breaking gossipsub's own rules more often than
	penaltyThreshold  = 6
	colocationWeight  = -100 // squared, for more peers of one address than
	colocationFrom    = 5
)

func scores(local bool) (*pubsub.PeerScoreParams, *pubsub.PeerScoreThresholds) {
	topic := func() *pubsub.TopicScoreParams {
		return &pubsub.TopicScoreParams{
			TopicWeight:                    0.1,
			TimeInMeshWeight:               0.0002778, // a point an hour
			TimeInMeshQuantum:              time.Second,
			TimeInMeshCap:                  1,
			FirstMessageDeliveriesWeight:   0.5,
			FirstMessageDeliveriesDecay:    pubsub.ScoreParameterDecay(10 * time.Minute),
			FirstMessageDeliveriesCap:      100,
			InvalidMessageDeliveriesWeight: 10 * invalidWeight, // times the topic's weight
			InvalidMessageDeliveriesDecay:  pubsub.ScoreParameterDecay(time.Hour),
		}
	}
	params := &pubsub.PeerScoreParams{
		Topics:                      make(map[string]*pubsub.TopicScoreParams),
		TopicScoreCap:               10,
		AppSpecificScore:            func(peer.ID) float64 { return 0 },
		IPColocationFactorWeight:    colocationWeight,
		IPColocationFactorThreshold: colocationFrom,
		BehaviourPenaltyWeight:      penaltyWeight,
		BehaviourPenaltyThreshold:   penaltyThreshold,
		BehaviourPenaltyDecay:       pubsub.ScoreParameterDecay(time.Hour),
		DecayInterval:               pubsub.DefaultDecayInterval,
		DecayToZero:                 pubsub.DefaultDecayToZero,
		RetainScore:                 6 * time.Hour,
	}
	if local {
		params.IPColocationFactorWeight = 0 // a whole network lives on one address
	}
	params.Topics["tx"], params.Topics["block"] = topic(), topic()
	return params, &pubsub.PeerScoreThresholds{
		GossipThreshold:             gossipThreshold,
		PublishThreshold:            publishThreshold,
		GraylistThreshold:           graylistThreshold,
		AcceptPXThreshold:           1000, // never: addresses come by their own protocol
		OpportunisticGraftThreshold: graftThreshold,
	}
}
