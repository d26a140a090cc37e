package api

import (
	"context"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// parseNode reads a node as addnode takes it.
func parseNode(text string) (peer.AddrInfo, error) {
	const form = "write it like /ip4/192.0.2.1/tcp/8477/p2p/12D3Koo…, as the node's own `addrs` file has it"
	a, err := multiaddr.NewMultiaddr(text)
	if err != nil {
		return peer.AddrInfo{}, refuse(btcjson.ErrRPCInvalidParameter, "%s is not a multiaddr: %s", clip(text), form)
	}
	info, err := peer.AddrInfoFromP2pAddr(a)
	if err != nil || len(info.Addrs) == 0 {
		return peer.AddrInfo{}, refuse(btcjson.ErrRPCInvalidParameter, "%s lacks an address or the peer's id: %s", clip(text), form)
	}
	return *info, nil
}

// parsePeer reads a node of which the id is enough.
func parsePeer(text string) (peer.ID, error) {
	if id, err := peer.Decode(text); err == nil {
		return id, nil
	}
	if a, err := multiaddr.NewMultiaddr(text); err == nil {
		if info, err := peer.AddrInfoFromP2pAddr(a); err == nil {
			return info.ID, nil
		}
	}
	return "", refuse(btcjson.ErrRPCInvalidParameter, "%s is neither a peer id nor a multiaddr that ends in /p2p/<peer id>", clip(text))
}

func (d *dispatcher) addNode(ctx context.Context, a arguments) (any, error) {
	node, err := a.text(0)
	if err != nil {
		return nil, err
	}
	command, err := a.text(1)
	if err != nil {
		return nil, err
	}
	switch command {
	case "add":
		return nil, d.keep(node)
	case "remove":
		id, err := parsePeer(node)
		if err != nil {
			return nil, err
		}
		if !d.Kept.Remove(id) {
			return nil, refuse(btcjson.ErrRPCClientNodeNotAdded, "Error: Node could not be removed. It has not been added previously.")
		}
		return nil, nil //nolint:nilnil // null means done
	case "onetry":
		info, err := parseNode(node)
		if err != nil {
			return nil, err
		}
		if err := d.Peers.Dial(ctx, info); err != nil {
			return nil, refuse(btcjson.ErrRPCClientNotConnected, "cannot connect to %s: %v", info.ID, err)
		}
		return nil, nil //nolint:nilnil // null means done
	default:
		return nil, refuse(btcjson.ErrRPCMisc, "%s is not add, remove or onetry\n\n%s", clip(command), a.method.help())
	}
}

func (d *dispatcher) keep(node string) error {
	info, err := parseNode(node)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(d.Kept.Kept(), func(k peer.AddrInfo) bool { return k.ID == info.ID }) {
		return refuse(btcjson.ErrRPCClientNodeAlreadyAdded, "Error: Node already added")
	}
	if err := d.Kept.Add(info); err != nil {
		return refuse(btcjson.ErrRPCInvalidParameter, "%v", err)
	}
	return nil
}

func (d *dispatcher) disconnectNode(_ context.Context, a arguments) (any, error) {
	id, err := d.nodeToDisconnect(a)
	if err != nil {
		return nil, err
	}
	if !d.Peers.Disconnect(id) {
		return nil, errNotConnected()
	}
	return nil, nil //nolint:nilnil // null means done
}

func errNotConnected() error {
	return refuse(btcjson.ErrRPCClientNodeNotConnected, "Node not found in connected nodes")
}

// nodeToDisconnect takes an address or a number, not both; as with bitcoind an
// empty address stands for none.
func (d *dispatcher) nodeToDisconnect(a arguments) (peer.ID, error) {
	address := ""
	if a.given(0) {
		var err error
		if address, err = a.text(0); err != nil {
			return "", err
		}
	}
	if (address != "") == a.given(1) {
		return "", refuse(btcjson.ErrRPCInvalidParams.Code, "Only one of address and nodeid should be provided.")
	}
	if address != "" {
		return d.peerAt(address)
	}
	number, err := a.integer(1)
	if err != nil {
		return "", err
	}
	for _, p := range d.Peers.Connected() {
		if int64(p.Number) == number {
			return p.ID, nil
		}
	}
	return "", errNotConnected()
}

// peerAt finds a connected peer by its id or by its address without the id.
func (d *dispatcher) peerAt(address string) (peer.ID, error) {
	if id, err := parsePeer(address); err == nil {
		return id, nil
	}
	for _, p := range d.Peers.Connected() {
		if p.Addr != nil && strings.TrimSuffix(withPeer(p.Addr, p.ID), "/p2p/"+p.ID.String()) == address {
			return p.ID, nil
		}
	}
	return "", errNotConnected()
}

func (d *dispatcher) getAddedNodeInfo(_ context.Context, a arguments) (any, error) {
	kept := d.Kept.Kept()
	if a.given(0) {
		text, err := a.text(0)
		if err != nil {
			return nil, err
		}
		only, err := parsePeer(text)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(kept, func(k peer.AddrInfo) bool { return k.ID == only })
		if i < 0 {
			return nil, refuse(btcjson.ErrRPCClientNodeNotAdded, "Error: Node has not been added.")
		}
		kept = kept[i : i+1]
	}
	peers := make(map[peer.ID]Peer)
	for _, p := range d.Peers.Connected() {
		peers[p.ID] = p
	}
	all := make([]btcjson.GetAddedNodeInfoResult, 0, len(kept))
	for _, k := range kept {
		p, connected := peers[k.ID]
		addresses := []btcjson.GetAddedNodeInfoResultAddr{}
		if connected {
			addresses = append(addresses, btcjson.GetAddedNodeInfoResultAddr{Address: withPeer(p.Addr, p.ID), Connected: direction(p)})
		}
		r := btcjson.GetAddedNodeInfoResult{AddedNode: withPeer(nil, k.ID), Connected: &connected, Addresses: &addresses}
		if len(k.Addrs) > 0 {
			r.AddedNode = withPeer(k.Addrs[0], k.ID)
		}
		all = append(all, r)
	}
	return all, nil
}

func direction(p Peer) string {
	if p.Inbound {
		return "inbound"
	}
	return "outbound"
}
