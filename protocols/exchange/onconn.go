package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"
)

// On returns an opener whose streams run over the given connection and no
// other. A host chooses among the connections to a peer; a greeting belongs to
// one.
func On(c network.Conn) Opener { return onConn{c} }

type onConn struct{ conn network.Conn }

// NewStream implements [Opener]. It waits until the protocol is agreed upon or
// ctx ends.
func (o onConn) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if p != o.conn.RemotePeer() || len(ids) != 1 {
		return nil, errors.New("the connection is with another peer, or not one protocol was named")
	}
	s, err := o.conn.NewStream(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	err = multistream.SelectProtoOrFail(ids[0], s)
	if !stop() {
		err = ctx.Err() // it has reset the stream; what that gave is of no interest
	}
	if err == nil {
		err = s.SetProtocol(ids[0])
	}
	if err != nil {
		_ = s.ResetWithError(network.StreamProtocolNegotiationFailed)
		return nil, fmt.Errorf("negotiate %s: %w", ids[0], err)
	}
	return s, nil
}
