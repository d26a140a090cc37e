package testnet

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/inventory"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/status"
)

// Villain is a peer made of the real protocols that serves a chain of blocks
// honestly, but for the parts that a story replaces before [Villain.Serve].
type Villain struct {
	Host   host.Host
	Params *chaincfg.Params
	Tree   *headertree.Tree
	Blocks map[chainhash.Hash][]byte

	Say     func() status.Status // what its status is
	Headers exchange.Handler
	Objects exchange.Handler

	t         *testing.T
	handshake *status.Handshake
	ledger    *status.Ledger
}

// NewVillain returns a peer on a host that holds the blocks, parents first,
// whether valid or not: their headers must be.
func NewVillain(t *testing.T, h host.Host, blocks []*btcutil.Block) *Villain {
	t.Helper()
	v := &Villain{
		Host: h, Params: &chaincfg.RegressionNetParams,
		Tree: headertree.New(&chaincfg.RegressionNetParams), Blocks: make(map[chainhash.Hash][]byte),
		t: t, ledger: status.NewLedger(),
	}
	for _, b := range blocks {
		v.Add(b)
	}
	v.Say = v.status
	v.Headers = headers.NewServer(v).Handle
	v.Objects = objects.NewServer(v).Handle
	return v
}

// Add makes it hold one more block.
func (v *Villain) Add(b *btcutil.Block) {
	v.t.Helper()
	raw, err := b.Bytes()
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := v.Tree.Add(time.Now(), []wire.BlockHeader{b.MsgBlock().Header}); err != nil {
		v.t.Fatal(err)
	}
	v.Blocks[*b.Hash()] = raw
}

func (v *Villain) status() status.Status {
	best := v.Tree.Best()
	return status.Status{
		Version: status.Version, Services: status.Full, Genesis: *v.Params.GenesisHash,
		Height: best.Height, Best: best.Hash, Work: best.Work, Time: time.Now(), Nonce: 666, Agent: "pappus/0.1",
	}
}

// Status implements status.Local.
func (v *Villain) Status() status.Status { return v.Say() }

// HeadersAfter implements headers.Source.
func (v *Villain) HeadersAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader {
	return v.Tree.After(locator, stop, most)
}

// BlocksAfter implements inventory.Source.
func (v *Villain) BlocksAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []chainhash.Hash {
	return v.Tree.HashesAfter(locator, stop, most)
}

// MempoolHashes implements inventory.Source.
func (v *Villain) MempoolHashes(peer.ID, int) []chainhash.Hash { return nil }

// RawBlock implements objects.Source.
func (v *Villain) RawBlock(hash chainhash.Hash) ([]byte, error) {
	if raw, ok := v.Blocks[hash]; ok {
		return raw, nil
	}
	return nil, objects.ErrNotFound
}

// RawTx implements objects.Source.
func (v *Villain) RawTx(peer.ID, chainhash.Hash) ([]byte, error) { return nil, objects.ErrNotFound }

// Serve registers the protocols with the host, until the test ends.
func (v *Villain) Serve() {
	ctx, cancel := context.WithCancel(context.Background())
	v.t.Cleanup(cancel)
	v.handshake = status.New(v.Params, v, v.ledger, func(network.Conn, status.Status) {})
	server := exchange.NewServer(v.ledger, exchange.DefaultLimits(), func(exchange.Outcome) {})
	for _, p := range []struct {
		spec   exchange.Spec
		handle exchange.Handler
	}{
		{v.handshake.Spec(), v.handshake.Handle},
		{headers.Spec(v.Params), v.Headers},
		{inventory.Spec(v.Params), inventory.NewServer(v).Handle},
		{objects.Spec(v.Params), v.Objects},
	} {
		v.Host.SetStreamHandler(p.spec.ID, server.Handler(ctx, p.spec, p.handle))
	}
}

// Greet makes the handshake with a node that it has dialled.
func (v *Villain) Greet(n *Node) error {
	conns := v.Host.Network().ConnsToPeer(n.Host().ID())
	if len(conns) == 0 {
		return errors.New("no connection")
	}
	_, err := v.handshake.Greet(v.t.Context(), conns[0])
	return err
}
