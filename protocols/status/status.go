package status

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Version of the wire contract.
const Version uint32 = 1

// MaxAgent is the longest agent string, in bytes. Source: Bitcoin Core's
// MAX_SUBVERSION_LENGTH.
const MaxAgent = 256

// Timeout bounds the handshake: on the dialling side the whole exchange, on the
// other the silence after a connection. Source: design.md §3.
const Timeout = 15 * time.Second

const (
	command = envelope.Command("status")

	fixedSize  = 128
	maxPayload = fixedSize + 3 + MaxAgent
)

// Services are what a node offers, as bits.
type Services uint64

// Services of the wire contract.
const (
	Full    Services = 1
	Light   Services = 2
	Filters Services = 4
	Bridge  Services = 8
	Secure  Services = 16
	Super   Services = 32
)

// Status is what one node says of itself.
type Status struct {
	Version  uint32
	Services Services
	Genesis  chainhash.Hash
	Height   int32 // of the best block
	Best     chainhash.Hash
	Work     *big.Int // of the best chain, below 2^256
	Time     time.Time
	Nonce    uint64
	Agent    string // at most MaxAgent bytes; as received: any bytes at all
}

// Spec returns the protocol's contract on a network.
func Spec(params *chaincfg.Params) exchange.Spec {
	return exchange.Spec{
		ID:        exchange.ID(params, "status"),
		Net:       params.Net,
		Requests:  envelope.Limits{command: maxPayload},
		Answers:   envelope.Limits{command: maxPayload},
		Greeting:  true,
		Open:      Timeout,
		FirstByte: Timeout,
		Grace:     Timeout,
		Floor:     maxPayload, // a message of one packet: the grace decides
		Whole:     Timeout,
	}
}

// Encode returns the payload. It fails on an agent or a work that is too large.
func (s Status) Encode() ([]byte, error) {
	if len(s.Agent) > MaxAgent {
		return nil, fmt.Errorf("agent has %d bytes, the limit is %d", len(s.Agent), MaxAgent)
	}
	work := new(big.Int)
	if s.Work != nil {
		work = s.Work
	}
	if work.Sign() < 0 || work.BitLen() > 256 {
		return nil, errors.New("chain work is not a number below 2^256")
	}
	b := make([]byte, fixedSize, maxPayload)
	binary.LittleEndian.PutUint32(b[0:], s.Version)
	binary.LittleEndian.PutUint64(b[4:], uint64(s.Services))
	copy(b[12:], s.Genesis[:])
	binary.LittleEndian.PutUint32(b[44:], uint32(s.Height)) // the bits, as they are
	copy(b[48:], s.Best[:])
	work.FillBytes(b[80:112])
	binary.LittleEndian.PutUint64(b[112:], uint64(s.Time.Unix())) // the bits, as they are
	binary.LittleEndian.PutUint64(b[120:], s.Nonce)
	w := bytes.NewBuffer(b)
	if err := wire.WriteVarString(w, envelope.ProtocolVersion, s.Agent); err != nil {
		return nil, err
	}
	return w.Bytes(), nil
}

// Decode reads a payload. Faults come as *[envelope.Error].
func Decode(payload []byte) (Status, error) {
	if len(payload) < fixedSize+1 {
		return Status{}, malformed("%d bytes are less than the fixed part's %d", len(payload), fixedSize+1)
	}
	b := payload
	s := Status{
		Version:  binary.LittleEndian.Uint32(b[0:]),
		Services: Services(binary.LittleEndian.Uint64(b[4:])),
		Genesis:  chainhash.Hash(b[12:44]),
		Height:   int32(binary.LittleEndian.Uint32(b[44:])), // the bits, as they are
		Best:     chainhash.Hash(b[48:80]),
		Work:     new(big.Int).SetBytes(b[80:112]),
		Time:     time.Unix(int64(binary.LittleEndian.Uint64(b[112:])), 0), // the bits, as they are
		Nonce:    binary.LittleEndian.Uint64(b[120:]),
	}
	r := bytes.NewReader(b[fixedSize:])
	size, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return Status{}, malformed("length of the agent: %w", err)
	}
	if size > MaxAgent {
		return Status{}, malformed("agent of %d bytes, the limit is %d", size, MaxAgent)
	}
	agent := make([]byte, size)
	if _, err := io.ReadFull(r, agent); err != nil {
		return Status{}, malformed("agent is cut off: %w", err)
	}
	if r.Len() > 0 {
		return Status{}, &envelope.Error{Reason: events.TrailingBytes, Err: fmt.Errorf("%d bytes after the agent", r.Len())}
	}
	s.Agent = string(agent)
	return s, nil
}

func malformed(format string, args ...any) error {
	return &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf(format, args...)}
}

// PrintableAgent returns the agent fit for a terminal or a log: anything but
// printable ASCII becomes a question mark.
func (s Status) PrintableAgent() string {
	out := make([]byte, 0, len(s.Agent))
	for i := 0; i < len(s.Agent); {
		r, size := utf8.DecodeRuneInString(s.Agent[i:])
		if r >= 0x20 && r < 0x7f {
			out = append(out, byte(r))
		} else {
			out = append(out, '?')
		}
		i += size
	}
	return string(out)
}

// check holds the peer's status against ours.
func check(p peer.ID, theirs, ours Status) error {
	switch {
	case theirs.Genesis != ours.Genesis:
		return exchange.Charge(p, events.WrongGenesis, "genesis %v, ours is %v", theirs.Genesis, ours.Genesis)
	case theirs.Version != ours.Version:
		return exchange.Charge(p, events.WrongVersion, "version %d of the protocol, ours is %d", theirs.Version, ours.Version)
	case theirs.Nonce == ours.Nonce:
		return exchange.Charge(p, events.SelfConnection, "the peer is this node itself")
	}
	return nil
}
