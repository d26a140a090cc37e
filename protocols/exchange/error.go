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

// ErrClosed is returned by a dialogue that was closed or reset on this side, or
// that has failed before.
var ErrClosed = errors.New("the dialogue is closed")

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

// streamError is an error of a stream with what it means where it came up.
type streamError struct {
	reason events.Reason
	err    error
}

// Error gives the particulars.
func (e *streamError) Error() string { return e.err.Error() }

// Unwrap returns the transport's error.
func (e *streamError) Unwrap() error { return e.err }

// ReasonOf returns the reason code that an error carries or implies: "" for nil,
// [events.Internal] for what no peer can be blamed for.
func ReasonOf(err error) events.Reason {
	var charged *PeerError
	var frame *envelope.Error
	var stream *streamError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &charged):
		return charged.Reason
	case errors.As(err, &frame):
		return frame.Reason
	case errors.As(err, &stream):
		return stream.reason
	case errors.Is(err, multistream.ErrNotSupported[protocol.ID]{}):
		return events.Unsupported
	case errors.Is(err, context.Canceled):
		return events.Stopping
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return events.NoAnswer
	case isGone(err):
		return lost(err)
	}
	return events.Internal
}

// isGone says whether the error is one of those that a stream or a connection
// that has ended gives.
func isGone(err error) bool {
	var reset *network.StreamError
	var gone *network.ConnError
	return errors.As(err, &reset) || errors.As(err, &gone) ||
		errors.Is(err, network.ErrReset) || errors.Is(err, network.ErrNoConn) ||
		errors.Is(err, ErrClosed) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// lost tells a stream that the other side refused from one that simply ended.
func lost(err error) events.Reason {
	if errors.Is(err, multistream.ErrNotSupported[protocol.ID]{}) { // negotiated lazily: shows at the first read
		return events.Unsupported
	}
	var reset *network.StreamError
	if !errors.As(err, &reset) || !reset.Remote {
		return events.Disconnected
	}
	switch reset.ErrorCode { //nolint:exhaustive // every other code is an end like any
	case network.StreamRateLimited, network.StreamResourceLimitExceeded:
		return events.Busy
	case network.StreamProtocolNegotiationFailed:
		return events.Unsupported
	}
	return events.Disconnected
}

// blame wraps an error of a stream as the peer's, keeping one that is already.
// What is no error of the wire stays ours.
func blame(p peer.ID, action string, err error) error {
	if _, charged := errors.AsType[*PeerError](err); charged {
		return err
	}
	err = fmt.Errorf("%s: %w", action, err)
	reason := ReasonOf(err)
	if reason == events.Internal {
		return err
	}
	return &PeerError{Peer: p, Reason: reason, Err: err}
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
