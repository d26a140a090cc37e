package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// NewStream implements [Opener]. It waits until the protocol is agreed upon.
func (o onConn) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if p != o.conn.RemotePeer() || len(ids) != 1 {
		return nil, errors.New("the connection is with another peer, or not one protocol was named")
	}
	s, err := o.conn.NewStream(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	err = o.agree(ctx, s, ids[0])
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, s.ResetWithError(network.StreamProtocolNegotiationFailed))
	}
	return s, nil
}

func (o onConn) agree(ctx context.Context, s network.Stream, id protocol.ID) error {
	if due, ok := ctx.Deadline(); ok {
		if err := s.SetDeadline(due); err != nil {
			return err
		}
	}
	if err := multistream.SelectProtoOrFail(id, s); err != nil {
		return fmt.Errorf("negotiate %s: %w", id, err)
	}
	if err := s.SetProtocol(id); err != nil {
		return err
	}
	return s.SetDeadline(time.Time{})
}
