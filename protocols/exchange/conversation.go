package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// requestBuffer is what a served stream holds between requests, in bytes. 4 KiB
// takes any request but a full getdata in one read, and 256 streams of a peer
// that opens and leaves them hold 1 MiB.
const requestBuffer = 4 << 10

// service is the name under which libp2p's resource manager counts us.
const service = "pappus"

// conversation is the serving side of one stream.
type conversation struct {
	server *Server
	spec   Spec
	handle Handler
	stream network.Stream
	from   peer.ID
	in     *reader
	answer *Answer
	work   int // bytes that serving one request buffers
}

func newConversation(s *Server, spec Spec, handle Handler, stream network.Stream) *conversation {
	c := &conversation{
		server: s, spec: spec, handle: handle, stream: stream, from: stream.Conn().RemotePeer(),
		in:     newReader(stream, spec, requestBuffer),
		answer: &Answer{stream: stream, spec: spec, pace: &writer{stream: stream, spec: spec}},
		work:   sendBuffer,
	}
	for _, limit := range spec.Requests {
		c.work = max(c.work, sendBuffer+int(limit))
	}
	return c
}

// run serves the stream until it ends. It returns with the stream closed or
// reset.
func (c *conversation) run(ctx context.Context) {
	release, err := c.open(ctx)
	if err != nil {
		c.fail(ctx, Outcome{}, err)
		return
	}
	defer release()
	patience := c.spec.FirstByte
	for {
		if err := c.in.await(patience); err != nil {
			c.over(err)
			return
		}
		if !c.one(ctx) {
			return
		}
		if c.spec.Idle == 0 {
			_ = c.stream.Close()
			return
		}
		patience = c.spec.Idle
	}
}

// open makes room for the stream and asks whether its peer may use it.
func (c *conversation) open(ctx context.Context) (release func(), err error) {
	if err := c.stream.Scope().SetService(service); err != nil {
		return nil, c.refused(err)
	}
	release, err = c.reserve(requestBuffer)
	if err != nil || c.spec.Greeting {
		return release, err
	}
	if err := c.server.admit.Admit(ctx, c.stream.Conn()); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// over ends a stream on which no further request came. That is nobody's fault:
// an opener may keep a stream for a question that it never has.
func (c *conversation) over(err error) {
	if errors.Is(err, io.EOF) {
		_ = c.stream.Close()
		return
	}
	_ = c.stream.ResetWithError(network.StreamGarbageCollected)
}

// one serves the request whose first byte is there and says whether the stream
// can carry another.
func (c *conversation) one(ctx context.Context) bool {
	var o Outcome
	begun := time.Now()
	err := c.serve(ctx, &o)
	o.Duration = time.Since(begun)
	if err != nil {
		c.fail(ctx, o, err)
		return false
	}
	c.report(o)
	return true
}

// serve reads the request, waits for a turn and answers, noting how far it got.
func (c *conversation) serve(ctx context.Context, o *Outcome) error {
	release, err := c.reserve(c.work)
	if err != nil {
		return err
	}
	defer release()
	request, err := c.in.message(c.spec.Requests, time.Time{})
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	o.Command, o.In = request.Command, request.size()
	leave, err := c.server.turn(ctx, c.from, c.spec)
	if err != nil {
		return err
	}
	defer leave()
	o.Out, err = c.answer.by(func() error { return c.handle(ctx, c.from, request, c.answer) })
	return err
}

// reserve asks libp2p's resource manager for memory.
func (c *conversation) reserve(bytes int) (release func(), err error) {
	if err := c.stream.Scope().ReserveMemory(bytes, network.ReservationPriorityHigh); err != nil {
		return nil, c.refused(err)
	}
	return func() { c.stream.Scope().ReleaseMemory(bytes) }, nil
}

// refused is what the resource manager's no means: the peer may come again.
func (c *conversation) refused(err error) error {
	return Charge(c.from, events.Busy, "the resource manager refuses: %w", err)
}

// fail resets the stream and reports why.
func (c *conversation) fail(ctx context.Context, o Outcome, err error) {
	o.Err, o.Reason = err, ReasonOf(err)
	if ctx.Err() != nil {
		o.Reason = events.Stopping // whatever the reset stream made of it
	}
	_ = c.stream.ResetWithError(resetCode(o.Reason))
	c.report(o)
}

func (c *conversation) report(o Outcome) {
	o.Protocol, o.Peer = c.spec.ID, c.from
	c.server.observe(o)
}
