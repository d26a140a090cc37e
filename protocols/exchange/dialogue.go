package exchange

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// answerBuffer is the read buffer of a dialogue: small messages come several to
// a read, larger ones go straight into their own memory. 64 KiB a stream.
const answerBuffer = 64 << 10

// Dialogue is the asking side of one stream. One goroutine may Send while
// another Receives; neither call may run twice at once.
type Dialogue struct {
	peer   peer.ID
	spec   Spec
	stream network.Stream
	in     *pacedReader
	out    *bufio.Writer
	pace   *pacedWriter
}

// Open opens a stream to a peer that is connected already. Whether the peer
// speaks the protocol may show only when the first answer is read.
func Open(ctx context.Context, o Opener, p peer.ID, spec Spec) (*Dialogue, error) {
	within, cancel := context.WithTimeout(network.WithNoDial(ctx, string(spec.ID)), spec.Open)
	defer cancel()
	s, err := o.NewStream(within, p, spec.ID)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, blame(p, "open stream", err)
	}
	pace := &pacedWriter{stream: s, spec: spec}
	return &Dialogue{
		peer: p, spec: spec, stream: s,
		in: newPacedReader(s, spec, answerBuffer), out: bufio.NewWriter(pace), pace: pace,
	}, nil
}

// Ask puts one question, takes one message for an answer and closes the stream.
func Ask(ctx context.Context, o Opener, p peer.ID, spec Spec, request Message) (Message, error) {
	d, err := Open(ctx, o, p, spec)
	if err != nil {
		return Message{}, err
	}
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
	stop := context.AfterFunc(ctx, d.Reset)
	defer stop()
	d.pace.begin()
	err := envelope.Write(d.out, d.spec.Net, m.Command, m.Payload)
	if err == nil {
		err = d.out.Flush()
	}
	return d.end(ctx, "send "+string(m.Command), err)
}

// Receive reads the next message. After an error the dialogue is over and its
// stream reset.
func (d *Dialogue) Receive(ctx context.Context) (Message, error) {
	stop := context.AfterFunc(ctx, d.Reset)
	defer stop()
	if err := d.in.await(d.spec.FirstByte); err != nil {
		if errors.Is(err, io.EOF) {
			err = Charge(d.peer, events.Disconnected, "the peer closed the stream instead of answering")
		}
		return Message{}, d.end(ctx, "await answer", err)
	}
	m, err := d.in.message(d.spec.Answers)
	return m, d.end(ctx, "read answer", err)
}

// end settles what an error means and resets the stream for it.
func (d *Dialogue) end(ctx context.Context, action string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		d.Reset()
		return fmt.Errorf("%s: %w", action, ctx.Err())
	}
	err = blame(d.peer, action, err)
	_ = d.stream.ResetWithError(resetCode(ReasonOf(err)))
	return err
}

// Close ends the dialogue politely. It never blocks for long: what cannot be
// flushed at once is given up.
func (d *Dialogue) Close() error {
	if err := d.stream.SetDeadline(time.Now().Add(d.spec.Grace)); err != nil {
		d.Reset()
		return nil //nolint:nilerr // the stream is gone already
	}
	if err := d.stream.Close(); err != nil {
		d.Reset()
	}
	return nil
}

// Reset ends the dialogue at once; blocked calls return.
func (d *Dialogue) Reset() { _ = d.stream.Reset() }
