package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

func TestReasonOf(t *testing.T) {
	cases := []struct {
		err  error
		want events.Reason
	}{
		{nil, ""},
		{Charge("peer", events.TooMany, "102 entries"), events.TooMany},
		{&envelope.Error{Reason: events.BadChecksum, Err: io.EOF}, events.BadChecksum},
		{&streamError{events.TooSlow, os.ErrDeadlineExceeded}, events.TooSlow},
		{multistream.ErrNotSupported[protocol.ID]{}, events.Unsupported},
		{context.Canceled, events.Stopping},
		{context.DeadlineExceeded, events.NoAnswer},
		{os.ErrDeadlineExceeded, events.NoAnswer},
		{&network.StreamError{Remote: true, ErrorCode: network.StreamRateLimited}, events.Busy},
		{&network.StreamError{Remote: true, ErrorCode: network.StreamResourceLimitExceeded}, events.Busy},
		{&network.StreamError{Remote: true, ErrorCode: network.StreamProtocolNegotiationFailed}, events.Unsupported},
		{&network.StreamError{Remote: false, ErrorCode: network.StreamRateLimited}, events.Disconnected},
		{&network.StreamError{Remote: true, ErrorCode: network.StreamProtocolViolation}, events.Disconnected},
		{&network.ConnError{Remote: true}, events.Disconnected},
		{network.ErrReset, events.Disconnected},
		{network.ErrNoConn, events.Disconnected},
		{io.EOF, events.Disconnected},
		{io.ErrUnexpectedEOF, events.Disconnected},
		{ErrClosed, events.Disconnected},
		{network.ErrResourceLimitExceeded, events.Internal},
		{errors.New("the disk is full"), events.Internal},
	}
	for _, c := range cases {
		if got := ReasonOf(c.err); got != c.want {
			t.Errorf("ReasonOf(%v) = %q, want %q", c.err, got, c.want)
		}
		if c.err == nil {
			continue
		}
		if got := ReasonOf(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("wrapped, ReasonOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestPeerErrorTellsWhoAndWhy(t *testing.T) {
	err := Charge("peer", events.TooMany, "locator: %w", io.ErrShortBuffer)
	if !errors.Is(err, io.ErrShortBuffer) {
		t.Error("the particulars are not wrapped")
	}
	for _, want := range []string{err.Peer.String(), "too_many", "locator"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestBlameKeepsTheFirstChargeAndSparesPeersOurFaults(t *testing.T) {
	first := Charge("peer", events.BadChecksum, "bad")
	if err := blame("other", "read", first); err != error(first) { //nolint:errorlint // the very same
		t.Errorf("blame = %v", err)
	}
	var charged *PeerError
	if err := blame("peer", "read", errors.New("out of memory")); errors.As(err, &charged) {
		t.Errorf("a peer was charged for our fault: %v", err)
	}
	if err := blame("peer", "read", io.EOF); !errors.As(err, &charged) || charged.Reason != events.Disconnected {
		t.Errorf("blame = %v", err)
	}
}

func TestResetCodes(t *testing.T) {
	for r, want := range map[events.Reason]network.StreamErrorCode{
		events.Busy:         network.StreamRateLimited,
		events.Stopping:     network.StreamShutdown,
		events.Internal:     network.StreamShutdown,
		events.BadChecksum:  network.StreamProtocolViolation,
		events.BeforeStatus: network.StreamProtocolViolation,
	} {
		if got := resetCode(r); got != want {
			t.Errorf("%s resets with %#x, want %#x", r, got, want)
		}
	}
}
