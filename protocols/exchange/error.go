package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// PeerError says that an exchange failed by the peer's doing, or because it is
// gone. Ban is set where no honest peer could have done it.
type PeerError struct {
	Peer   peer.ID
	Reason events.Reason
	Ban    bool
	Err    error
}

// Error names the peer, the reason code and the particulars.
func (e *PeerError) Error() string { return fmt.Sprintf("peer %s: %s: %v", e.Peer, e.Reason, e.Err) }

// Unwrap returns the particulars.
func (e *PeerError) Unwrap() error { return e.Err }

// Charge makes a PeerError.
func Charge(p peer.ID, r events.Reason, format string, args ...any) *PeerError {
	return &PeerError{Peer: p, Reason: r, Err: fmt.Errorf(format, args...)}
}

// ReasonOf returns the reason code that an error carries or implies: "" for nil,
// [events.Internal] for what no peer can be blamed for.
func ReasonOf(err error) events.Reason {
	var charged *PeerError
	var frame *envelope.Error
	var reset *network.StreamError
	var timeout net.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &charged):
		return charged.Reason
	case errors.As(err, &frame):
		return frame.Reason
	case errors.Is(err, multistream.ErrNotSupported[protocol.ID]{}):
		return events.Unsupported
	case errors.Is(err, context.Canceled):
		return events.Stopping
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return events.NoAnswer
	case errors.As(err, &reset):
		if reset.Remote && (reset.ErrorCode == network.StreamRateLimited || reset.ErrorCode == network.StreamResourceLimitExceeded) {
			return events.Busy
		}
		return events.Disconnected
	case errors.Is(err, network.ErrReset), errors.Is(err, network.ErrNoConn), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return events.Disconnected
	case errors.As(err, &timeout) && timeout.Timeout():
		return events.NoAnswer
	}
	return events.Internal
}

// blame wraps an error of a stream as the peer's, keeping one that is already.
func blame(p peer.ID, action string, err error) error {
	var charged *PeerError
	if errors.As(err, &charged) {
		return err
	}
	reason := ReasonOf(err)
	if reason == events.Internal {
		reason = events.Disconnected // what is left are a dead connection's many faces
	}
	return &PeerError{Peer: p, Reason: reason, Err: fmt.Errorf("%s: %w", action, err)}
}

// resetCode tells the other side why its stream ends.
func resetCode(r events.Reason) network.StreamErrorCode {
	switch r { //nolint:exhaustive // every other reason is a breach of the contract
	case events.Busy:
		return network.StreamRateLimited
	case events.Stopping, events.Requested, events.Disconnected, events.Internal:
		return network.StreamShutdown
	}
	return network.StreamProtocolViolation
}
