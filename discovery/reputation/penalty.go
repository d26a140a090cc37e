package reputation

import "github.com/pappus-network/pappus/events"

// Penalty is what a charge costs the peer.
type Penalty int

// The penalties, the mildest first.
const (
	Forgive    Penalty = iota // note it
	Disconnect                // the link is of no use; the peer may come back
	Exclude                   // ban it: no honest peer does this, however broken its network
)

// PenaltyOf is the policy: ban for what only a liar sends, disconnect where the
// link does not work, forgive what a busy or pruned peer does.
func PenaltyOf(r events.Reason) Penalty {
	switch r {
	case events.BadProofOfWork, events.UnsortedHeaders, events.InvalidHeader, events.ChangedHeaders,
		events.TooManyHeaders, events.TooMany, events.WrongBlock, events.MutatedBlock, events.InvalidBlock, events.Oversize,
		events.WrongTx:
		return Exclude
	case events.UnknownCommand, events.BadPadding, events.BadChecksum, events.TrailingBytes, events.Malformed, events.Unasked,
		events.WrongStartString, events.WrongGenesis, events.WrongVersion, events.SelfConnection,
		events.BeforeStatus, events.StatusTwice, events.NoStatus, events.NoAnswer, events.TooSlow, events.Truncated,
		events.UnconnectedHeaders, events.Unsupported,
		events.InvalidTx: // a soft fork that the peer does not know can make it so

		return Disconnect
	case events.Busy, events.NotFound, events.Stalled, events.LowWorkHeaders, events.Internal,
		events.Disconnected, events.Stopping, events.Requested, events.RemoteLeft, events.Rotated, events.Evicted, events.Spare,
		events.AddrLimited, events.AddrUseless,
		// Of transactions these are matters of policy, of the tip, and of what else came:
		// a peer let go for one would learn what is in our pools (monero #9218).
		events.OversizeTx, events.NonstandardTx, events.LowFeeTx, events.ConflictTx, events.KnownTx, events.MinedTx,
		events.OrphanTx, events.StemFull, events.StemBudget:
		return Forgive
	}
	return Forgive
}

// breach says whether a reason is one of the contract's that only a peer's own
// software can give: it costs the connection, and points.
func breach(r events.Reason) bool {
	switch r { //nolint:exhaustive // every other reason is no such breach
	case events.UnknownCommand, events.BadPadding, events.BadChecksum, events.TrailingBytes, events.Malformed,
		events.Unasked, events.WrongStartString, events.BeforeStatus, events.StatusTwice:
		return true
	}
	return false
}
