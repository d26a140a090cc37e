package exchange

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

const (
	// requestBuffer and sendBuffer are what one served stream holds between
	// requests: 4 KiB takes any request but a full getdata in one read, 64 KiB
	// joins small answers into one packet.
	requestBuffer = 4 << 10
	sendBuffer    = 64 << 10
	// service is the name under which libp2p's resource manager counts us.
	service = "pappus"
)

// Handler answers one request. A *[PeerError] that it returns is the peer's
// fault; any other error is ours. Either resets the stream.
type Handler func(ctx context.Context, from peer.ID, request Message, answer *Answer) error

// Admitter says who may ask: nil once the status handshake is done. It may wait
// for a handshake that is under way.
type Admitter interface {
	Admit(ctx context.Context, conn network.Conn) error
}

// Limits bound the requests that are being answered at one time.
type Limits struct {
	PerPeer int // more are refused as Busy: an honest peer pipelines instead
	Total   int // more wait their turn for as long as a first byte may take
}

// DefaultLimits returns 8 a peer (one a protocol and some to spare) and 64 in
// all: with blocks of 4 MB read into memory, 256 MB at the very worst.
func DefaultLimits() Limits { return Limits{PerPeer: 8, Total: 64} }

// Outcome is how one request ended, for metrics and charges.
type Outcome struct {
	Protocol protocol.ID
	Peer     peer.ID
	Command  envelope.Command // empty if the request could not be read
	In, Out  int              // bytes, envelopes included
	Duration time.Duration    // from the request's first byte to the answer's last
	Reason   events.Reason    // "" = answered
	Err      error
}

// Server answers requests of admitted peers.
type Server struct {
	admit   Admitter
	limits  Limits
	observe func(Outcome)
	turns   chan struct{}

	mu   sync.Mutex
	busy map[peer.ID]int
}

// NewServer returns a server whose limits hold over all its protocols together.
// observe is called once for every request, from the stream's goroutine.
func NewServer(admit Admitter, limits Limits, observe func(Outcome)) *Server {
	return &Server{
		admit: admit, limits: limits, observe: observe,
		turns: make(chan struct{}, limits.Total), busy: make(map[peer.ID]int),
	}
}

// Handler returns what to register with a host. When ctx ends, streams that are
// being served are reset.
func (s *Server) Handler(ctx context.Context, spec Spec, handle Handler) network.StreamHandler {
	return func(stream network.Stream) {
		stop := context.AfterFunc(ctx, func() { _ = stream.ResetWithError(network.StreamShutdown) })
		defer stop()
		c := &conversation{server: s, spec: spec, handle: handle, stream: stream, from: stream.Conn().RemotePeer()}
		c.run(ctx)
	}
}

// conversation is the serving side of one stream.
type conversation struct {
	server *Server
	spec   Spec
	handle Handler
	stream network.Stream
	from   peer.ID
	in     *pacedReader
	out    *pacedWriter
	answer *Answer
}

func (c *conversation) run(ctx context.Context) {
	release, err := c.reserve()
	if err != nil {
		c.fail(Outcome{}, Charge(c.from, events.Busy, "reserve buffers: %w", err))
		return
	}
	defer release()
	if !c.spec.Greeting {
		if err := c.server.admit.Admit(ctx, c.stream.Conn()); err != nil {
			c.fail(Outcome{}, err)
			return
		}
	}
	c.in = newPacedReader(c.stream, c.spec, requestBuffer)
	c.out = &pacedWriter{stream: c.stream, spec: c.spec}
	c.answer = &Answer{conn: c.stream.Conn(), w: bufio.NewWriterSize(c.out, sendBuffer), spec: c.spec, pace: c.out}
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
	begun := time.Now()
	c.out.total = 0
	o := Outcome{}
	request, err := c.in.message(c.spec.Requests)
	if err == nil {
		o.Command, o.In = request.Command, envelope.HeaderSize+len(request.Payload)
		err = c.serve(ctx, request)
	}
	o.Out, o.Duration = int(c.out.total), time.Since(begun)
	if err != nil {
		c.fail(o, err)
		return false
	}
	c.report(o)
	return true
}

// serve waits for a turn and answers.
func (c *conversation) serve(ctx context.Context, request Message) error {
	done, err := c.server.turn(ctx, c.from, c.spec.FirstByte)
	if err != nil {
		return err
	}
	defer done()
	if err := c.handle(ctx, c.from, request, c.answer); err != nil {
		return err
	}
	return c.answer.flush()
}

// reserve asks libp2p's resource manager for the memory of the buffers.
func (c *conversation) reserve() (func(), error) {
	scope := c.stream.Scope()
	if err := scope.SetService(service); err != nil {
		return nil, err
	}
	const buffers = requestBuffer + sendBuffer
	if err := scope.ReserveMemory(buffers, network.ReservationPriorityHigh); err != nil {
		return nil, err
	}
	return func() { scope.ReleaseMemory(buffers) }, nil
}

// fail resets the stream and reports why.
func (c *conversation) fail(o Outcome, err error) {
	o.Err, o.Reason = err, ReasonOf(err)
	_ = c.stream.ResetWithError(resetCode(o.Reason))
	c.report(o)
}

func (c *conversation) report(o Outcome) {
	o.Protocol, o.Peer = c.spec.ID, c.from
	c.server.observe(o)
}

// turn counts the request in, or refuses it.
func (s *Server) turn(ctx context.Context, p peer.ID, patience time.Duration) (func(), error) {
	s.mu.Lock()
	if s.busy[p] >= s.limits.PerPeer {
		s.mu.Unlock()
		return nil, Charge(p, events.Busy, "%d requests are being answered already", s.limits.PerPeer)
	}
	s.busy[p]++
	s.mu.Unlock()
	leave := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.busy[p]--; s.busy[p] == 0 {
			delete(s.busy, p)
		}
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	case <-wait.C:
		leave()
		return nil, Charge(p, events.Busy, "no turn within %v", patience)
	}
}

// Answer takes the messages of one answer.
type Answer struct {
	conn network.Conn
	w    *bufio.Writer
	pace *pacedWriter
	spec Spec
}

// Conn returns the connection that the request came on.
func (a *Answer) Conn() network.Conn { return a.conn }

// Send adds one message. Small ones are buffered until the handler returns; a
// large payload is written through without a copy.
func (a *Answer) Send(cmd envelope.Command, payload []byte) error {
	a.pace.begin()
	return envelope.Write(a.w, a.spec.Net, cmd, payload)
}

func (a *Answer) flush() error { return a.w.Flush() }
