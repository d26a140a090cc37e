package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/pappus-network/pappus/protocols/envelope"
)

// Message is the content of one envelope. The payload is the receiver's to keep.
type Message struct {
	Command envelope.Command
	Payload []byte
}

// size is what the message takes on the wire, in bytes.
func (m Message) size() int { return envelope.HeaderSize + len(m.Payload) }

// Spec is the contract of one protocol.
type Spec struct {
	ID       protocol.ID
	Net      wire.BitcoinNet // start string
	Requests envelope.Limits // what the opener may send
	Answers  envelope.Limits // what the server may send back

	// Greeting marks the status handshake itself: it is served to peers that have
	// not been admitted yet, and never waits for a turn behind large answers.
	Greeting bool

	// Open bounds opening a stream and negotiating.
	Open time.Duration
	// FirstByte is how long a peer may be silent when an answer is due; on the
	// serving side, when a stream is new, and before a request gets its turn.
	FirstByte time.Duration
	// Grace and Floor are the pace, in reading and in writing: n bytes into a
	// message, Grace + n/Floor may have passed since its first byte. Floor is in
	// bytes per second; 0 leaves the grace alone for the whole message.
	Grace time.Duration
	Floor int
	// Whole bounds one answer for the side that asked, from when it is awaited to
	// its last byte. 0 = FirstByte and the pace are enough.
	Whole time.Duration
	// Idle is how long a served stream may lie between two requests. 0 = one
	// request a stream.
	Idle time.Duration
}

// allowed checks that a message of ours keeps to the limits, so that a bug here
// does not make others ban this node.
func allowed(limits envelope.Limits, cmd envelope.Command, payload []byte) error {
	limit, known := limits[cmd]
	if !known {
		return fmt.Errorf("%q is not a message of this protocol", cmd)
	}
	if len(payload) > int(min(limit, envelope.MaxPayload)) {
		return fmt.Errorf("%s of %d bytes, the limit is %d", cmd, len(payload), limit)
	}
	return nil
}

// Opener opens streams; a libp2p host is one.
type Opener interface {
	NewStream(ctx context.Context, p peer.ID, pids ...protocol.ID) (network.Stream, error)
}

// ID names a protocol on a network: /pappus/<network>/<name>/1 (design.md §3).
func ID(params *chaincfg.Params, name string) protocol.ID {
	return protocol.ID("/pappus/" + params.Name + "/" + name + "/1")
}
