package exchange

import (
	"context"
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

// Spec is the contract of one protocol.
type Spec struct {
	ID       protocol.ID
	Net      wire.BitcoinNet // start string
	Requests envelope.Limits // what the opener may send
	Answers  envelope.Limits // what the server may send back

	Greeting bool // served before the status handshake: status itself

	Open      time.Duration // opening a stream and negotiating
	FirstByte time.Duration // silence before an answer; on a new stream, before the first request
	Grace     time.Duration // a message may take Grace + size/Floor
	Floor     int           // bytes per second, reading and writing
	Whole     time.Duration // bound on one message however large; 0 = the floor is enough
	Idle      time.Duration // server: rest between two requests; 0 = one request a stream
}

// Opener opens streams; a libp2p host is one.
type Opener interface {
	NewStream(ctx context.Context, p peer.ID, pids ...protocol.ID) (network.Stream, error)
}

// ID names a protocol on a network: /pappus/<network>/<name>/1 (design.md §3).
func ID(params *chaincfg.Params, name string) protocol.ID {
	return protocol.ID("/pappus/" + params.Name + "/" + name + "/1")
}
