package status

import (
	"context"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Local tells what this node says of itself at the moment.
type Local interface {
	Status() Status
}

// Handshake makes and answers greetings. It is safe for concurrent use.
type Handshake struct {
	spec   exchange.Spec
	local  Local
	ledger *Ledger
	accept func(c network.Conn, s Status)
}

// New returns the handshake of a network. accept is called, from the stream's
// goroutine, for every peer that greeted us with a status that fits.
func New(params *chaincfg.Params, local Local, ledger *Ledger, accept func(c network.Conn, s Status)) *Handshake {
	return &Handshake{spec: Spec(params), local: local, ledger: ledger, accept: accept}
}

// Spec is the contract to register [Handshake.Handle] under.
func (h *Handshake) Spec() exchange.Spec { return h.spec }

// Handle checks the dialler's status and, if it fits, sends ours.
func (h *Handshake) Handle(_ context.Context, p peer.ID, request exchange.Message, answer *exchange.Answer) error {
	c := answer.Conn()
	if c.Stat().Direction == network.DirOutbound {
		return exchange.Charge(p, events.StatusTwice, "a status on a connection that we dialled, where ours comes first")
	}
	if !h.ledger.begin(c) {
		return exchange.Charge(p, events.StatusTwice, "a second status on one connection")
	}
	theirs, err := Decode(request.Payload)
	if err != nil {
		return err
	}
	ours := h.local.Status()
	if err := check(p, theirs, ours); err != nil {
		return err
	}
	payload, err := ours.Encode()
	if err != nil {
		return err
	}
	// Before the answer leaves: the dialler's next request may be as fast as it.
	h.ledger.greeted(c)
	h.accept(c, theirs)
	return answer.Send(command, payload)
}

// Greet greets the peer on a connection that we dialled and returns its status,
// checked against ours.
func (h *Handshake) Greet(ctx context.Context, c network.Conn) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	h.ledger.begin(c)
	p := c.RemotePeer()
	ours := h.local.Status()
	payload, err := ours.Encode()
	if err != nil {
		return Status{}, err
	}
	answer, err := exchange.Ask(ctx, exchange.On(c), p, h.spec, exchange.Message{Command: command, Payload: payload})
	if err != nil {
		return Status{}, err
	}
	theirs, err := Decode(answer.Payload)
	if err != nil {
		return Status{}, &exchange.PeerError{Peer: p, Reason: exchange.ReasonOf(err), Err: err}
	}
	if err := check(p, theirs, ours); err != nil {
		return Status{}, err
	}
	h.ledger.greeted(c)
	return theirs, nil
}
