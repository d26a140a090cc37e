package gossip

import (
	"bytes"
	"context"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/headerlist"
)

// named is a host of which only the name is asked.
type named struct{ host.Host }

func (named) ID() peer.ID { return "ourselves" }

// taker notes what the validators have let through, as envelopes.
type taker struct{ taken [][]byte }

func (s *taker) Tx(_ context.Context, _ peer.ID, t *btcutil.Tx) Verdict {
	var w bytes.Buffer
	_ = t.MsgTx().Serialize(&w) // a buffer takes all
	s.taken = append(s.taken, envelope.Append(nil, params.Net, tx, w.Bytes()))
	return Accept
}

func (s *taker) Block(_ context.Context, _ peer.ID, h wire.BlockHeader) Verdict {
	payload, err := headerlist.Encode([]wire.BlockHeader{h})
	if err != nil {
		panic(err) // one fits
	}
	s.taken = append(s.taken, envelope.Append(nil, params.Net, headers, payload))
	return Accept
}

// Whatever a peer gossips: it is taken and forwarded byte for byte as it would be written
// here, or its sender is charged.
func FuzzCheck(f *testing.F) {
	payload, err := headerlist.Encode(chaingen.Headers(params.GenesisBlock.Header, 1, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed(f, transaction(1)), true)
	f.Add(envelope.Append(nil, params.Net, "headers", payload), false)
	f.Add(envelope.Append(nil, params.Net, "headers", []byte{0}), false)
	f.Add([]byte("noise"), true)
	f.Fuzz(func(t *testing.T, data []byte, ofTx bool) {
		sink, charged := &taker{}, 0
		g := New(params, true, Parts{Host: named{}, Sink: sink, Charge: func(peer.ID, error) { charged++ }})
		check := g.checkBlock
		if ofTx {
			check = g.checkTx
		}
		result := check(t.Context(), "somebody", &pubsub.Message{Message: &pb.Message{Data: data}})
		switch {
		case result == pubsub.ValidationReject && charged == 1 && len(sink.taken) == 0:
		case result == pubsub.ValidationAccept && charged == 0 && len(sink.taken) == 1 && bytes.Equal(sink.taken[0], data):
		default:
			t.Errorf("%x: result %v, %d charges, taken as %x", data, result, charged, sink.taken)
		}
	})
}
