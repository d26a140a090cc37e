package exchange

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

const (
	// answerBuffer joins the reads of small answers; what is left of a payload
	// goes into its own memory as soon as it is larger. 16 KiB is one TLS record.
	answerBuffer = 16 << 10
	// questionBuffer joins a header and a usual payload into one packet.
	questionBuffer = 4 << 10
)

// Dialogue is the asking side of one stream. One goroutine may Send while
// another Receives; neither call may run twice at once. It never holds up its
// caller when it ends, whatever the other side does.
type Dialogue struct {
	peer   peer.ID
	spec   Spec
	stream network.Stream
	in     *reader
	out    *bufio.Writer
	pace   *writer
	over   atomic.Bool
}

// Open opens a stream to a peer that is connected already. Whether the peer
// speaks the protocol may show only when the first answer is read.
func Open(ctx context.Context, o Opener, p peer.ID, spec Spec) (*Dialogue, error) {
	within, cancel := context.WithTimeout(network.WithNoDial(ctx, string(spec.ID)), spec.Open)
	defer cancel()
	s, err := o.NewStream(within, p, spec.ID)
	if err != nil {
		return nil, unopened(ctx, p, err)
	}
	pace := &writer{stream: s, spec: spec}
	return &Dialogue{
		peer: p, spec: spec, stream: s,
		in: newReader(s, spec, answerBuffer), out: bufio.NewWriterSize(pace, questionBuffer), pace: pace,
	}, nil
}

// unopened settles what it means that a stream could not be opened.
func unopened(ctx context.Context, p peer.ID, err error) error {
	const action = "open stream"
	var refused *network.StreamError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", action, ctx.Err())
	case errors.Is(err, network.ErrResourceLimitExceeded) && !errors.As(err, &refused):
		return fmt.Errorf("%s: %w", action, err) // our own resource manager
	case ReasonOf(err) == events.Internal:
		// A host tells neither a missing connection nor a dying one by a type.
		return Charge(p, events.Disconnected, "%s: %w", action, err)
	}
	return blame(p, action, err)
}

// Ask puts one question, takes one message for an answer and closes the stream.
func Ask(ctx context.Context, o Opener, p peer.ID, spec Spec, request Message) (Message, error) {
	d, err := Open(ctx, o, p, spec)
	if err != nil {
		return Message{}, err
	}
	defer d.Reset() // does nothing after Close
	if err := d.Send(ctx, request); err != nil {
		return Message{}, err
	}
	answer, err := d.Receive(ctx)
	if err != nil {
		return Message{}, err
	}
	return answer, d.Close()
}

// Peer returns who is asked.
func (d *Dialogue) Peer() peer.ID { return d.peer }

// Conn returns the connection that the stream runs over.
func (d *Dialogue) Conn() network.Conn { return d.stream.Conn() }

// Send writes one request. It may be called before earlier answers are read.
// After an error the dialogue is over and its stream reset.
func (d *Dialogue) Send(ctx context.Context, m Message) error {
	return d.during(ctx, "send request", func() error {
		if err := allowed(d.spec.Requests, m.Command, m.Payload); err != nil {
			return err
		}
		d.pace.begin()
		if err := envelope.Write(d.out, d.spec.Net, m.Command, m.Payload); err != nil {
			return err
		}
		return d.out.Flush()
	})
}

// Receive reads the next message. It is called when one is due: the deadline of
// its first byte runs from now. After an error the dialogue is over and its
// stream reset.
func (d *Dialogue) Receive(ctx context.Context) (Message, error) {
	var m Message
	err := d.during(ctx, "read answer", func() error {
		patience, until := d.spec.FirstByte, time.Time{}
		if d.spec.Whole > 0 {
			patience, until = min(patience, d.spec.Whole), time.Now().Add(d.spec.Whole)
		}
		err := d.in.await(patience)
		if errors.Is(err, io.EOF) {
			return Charge(d.peer, events.Disconnected, "the peer closed the stream instead of answering")
		}
		if err == nil {
			m, err = d.in.message(d.spec.Answers, until)
		}
		return err
	})
	if err != nil {
		return Message{}, err
	}
	return m, nil
}

// during does one thing on the stream until ctx ends, and ends the dialogue if
// it goes wrong.
func (d *Dialogue) during(ctx context.Context, action string, do func() error) error {
	err := ctx.Err()
	if err == nil && d.over.Load() {
		return fmt.Errorf("%s: %w", action, ErrClosed)
	}
	if err == nil {
		stop := context.AfterFunc(ctx, d.Reset)
		err = do()
		stop()
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = fmt.Errorf("%s: %w", action, ctx.Err())
	case d.over.Load(): // by another goroutine of ours, which has the reason
		err = fmt.Errorf("%s: %w", action, ErrClosed)
	default:
		err = blame(d.peer, action, err)
	}
	d.hangUp(resetCode(ReasonOf(err)))
	return err
}

// Close ends the dialogue politely: what was sent still arrives. It does not
// block.
func (d *Dialogue) Close() error {
	if d.over.Swap(true) {
		return nil
	}
	// Ends by itself: libp2p gives a negotiation that is still open 10 s more, and
	// a connection that takes no bytes as long.
	go func() { _ = d.stream.Close() }()
	return nil
}

// Reset ends the dialogue at once; blocked calls return. It does not block.
func (d *Dialogue) Reset() { d.hangUp(network.StreamNoError) }

func (d *Dialogue) hangUp(code network.StreamErrorCode) {
	if d.over.Swap(true) {
		return
	}
	// Ends by itself: with the connection's write time-out, 10 s, at the latest.
	go func() { _ = d.stream.ResetWithError(code) }()
}
