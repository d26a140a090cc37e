package exchange

import (
	"bufio"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// sendBuffer joins small answers into one packet, in bytes: one TLS record. What
// is larger is written through.
const sendBuffer = 16 << 10

// largeAnswer is the size, in bytes, from which the resource manager is asked for
// an answer's memory, as asking costs a twentieth of what an ordinary block does.
// Below it 64 answers at a time take 16 MiB at most.
const largeAnswer = 256 << 10

// buffers are shared by the streams that are answering: one that rests holds
// none.
var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, sendBuffer) }}

// Answer takes the messages of one answer. It belongs to the handler until that
// returns.
type Answer struct {
	stream network.Stream
	spec   Spec
	pace   *writer
	buf    *bufio.Writer
}

// Conn returns the connection that the request came on.
func (a *Answer) Conn() network.Conn { return a.stream.Conn() }

// Send adds one message. Small ones are buffered until the handler returns; a
// large payload is written through without a copy, and is the caller's again
// when Send returns.
func (a *Answer) Send(cmd envelope.Command, payload []byte) error {
	return a.SendSummed(cmd, payload, envelope.Sum(payload))
}

// SendSummed is Send for a payload whose checksum is known.
func (a *Answer) SendSummed(cmd envelope.Command, payload []byte, sum envelope.Checksum) error {
	if err := allowed(a.spec.Answers, cmd, payload); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if len(payload) > largeAnswer {
		scope := a.stream.Scope()
		if err := scope.ReserveMemory(len(payload), network.ReservationPriorityHigh); err != nil {
			return Charge(a.Conn().RemotePeer(), events.Busy, "the resource manager refuses: %w", err)
		}
		defer scope.ReleaseMemory(len(payload))
	}
	a.pace.begin()
	if err := envelope.WriteSummed(a.buf, a.spec.Net, cmd, payload, sum); err != nil {
		return fmt.Errorf("send %s: %w", cmd, err)
	}
	return nil
}

// by lets a handler answer and sends what it left in the buffer. It returns how
// many bytes went out.
func (a *Answer) by(handle func() error) (sent int, err error) {
	a.buf, _ = buffers.Get().(*bufio.Writer) // the pool holds nothing else
	a.buf.Reset(a.pace)
	defer func() {
		a.buf.Reset(nil)
		buffers.Put(a.buf)
		a.buf = nil
	}()
	a.pace.total = 0
	if err := handle(); err != nil {
		return a.pace.total, err
	}
	a.pace.begin() // the handler's own time is not the peer's
	if err := a.buf.Flush(); err != nil {
		return a.pace.total, fmt.Errorf("send answer: %w", err)
	}
	return a.pace.total, nil
}
