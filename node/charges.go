package node

import (
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// penalty is what a charge costs the peer.
type penalty int

const (
	forgive    penalty = iota // note it
	disconnect                // the link is of no use; the peer may come back
	ban                       // no honest peer does this, however broken its network
)

// penaltyOf is the policy. The rule behind the table: ban only for bytes that
// an honest peer cannot send even when it was lied to itself, since a full
// node checks before it passes anything on; disconnect where the link does not
// work; forgive what a busy or pruned peer does.
func penaltyOf(r events.Reason) penalty {
	switch r {
	case events.BadProofOfWork, events.UnsortedHeaders, events.InvalidHeader, events.ChangedHeaders,
		events.TooManyHeaders, events.TooMany, events.WrongBlock, events.MutatedBlock, events.InvalidBlock, events.Oversize,
		events.WrongTx:
		return ban
	case events.UnknownCommand, events.BadPadding, events.BadChecksum, events.TrailingBytes, events.Malformed, events.Unasked,
		events.WrongStartString, events.WrongGenesis, events.WrongVersion, events.SelfConnection,
		events.BeforeStatus, events.StatusTwice, events.NoStatus, events.NoAnswer, events.TooSlow, events.Truncated,
		events.UnconnectedHeaders, events.Unsupported,
		events.InvalidTx: // a soft fork that the peer does not know can make it so

		return disconnect
	case events.Busy, events.NotFound, events.Stalled, events.LowWorkHeaders, events.Internal,
		events.Disconnected, events.Stopping, events.Requested, events.RemoteLeft, events.Rotated,
		// Of transactions these are matters of policy, of the tip, and of what else came:
		// a peer let go for one would learn what is in our pools (monero #9218).
		events.OversizeTx, events.NonstandardTx, events.LowFeeTx, events.ConflictTx, events.KnownTx, events.MinedTx,
		events.OrphanTx, events.StemFull, events.StemBudget:
		return forgive
	}
	return forgive
}

// charge applies the policy to what a package reports of a peer.
func (n *Node) charge(p peer.ID, err error) {
	if err == nil {
		return
	}
	reason := exchange.ReasonOf(err)
	if reason == "" || reason == events.Disconnected || reason == events.Stopping {
		return // the connection ended; its own event says so
	}
	if reason == events.Internal {
		n.log.Debug("error of our own while serving a peer", "peer", p, "err", err)
		return
	}
	n.bus.Emit(events.Charged{Peer: p, Reason: reason, Err: err})
	verdict := penaltyOf(reason)
	var charged *exchange.PeerError
	if errors.As(err, &charged) && charged.Ban {
		verdict = ban
	}
	switch verdict {
	case forgive:
	case disconnect:
		n.peers.disconnect(p, reason)
	case ban:
		n.gater.ban(p)
		n.peers.disconnect(p, reason)
	}
}
