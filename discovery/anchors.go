package discovery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/events"
)

// maxAnchors is how many peers of links for blocks alone a node comes back to after a stop.
// Source: Bitcoin Core's MAX_BLOCK_RELAY_ONLY_ANCHORS.
const maxAnchors = 2

var anchorsKey = datastore.NewKey("anchors")

// errAnchors is what stored anchors that cannot be read give.
var errAnchors = errors.New("bad anchors")

// Stored anchors:
//
//	1  version: 1
//	1  n ≤ 2 · n × (1 length · peer id · 1 length · multiaddr)
//	4  CRC-32 of all before, little endian
const anchorsVersion = 1

// encodeAnchors returns the stored form of the first two peers, each at its first address.
func encodeAnchors(all []peer.AddrInfo) []byte {
	out := []byte{anchorsVersion, 0}
	for _, a := range all {
		if len(a.Addrs) == 0 || len(a.ID) > addrbook.MaxPeerID || len(a.Addrs[0].Bytes()) > addrbook.MaxAddr || out[1] == maxAnchors {
			continue
		}
		out[1]++
		for _, field := range [][]byte{[]byte(a.ID), a.Addrs[0].Bytes()} {
			out = append(append(out, byte(len(field))), field...)
		}
	}
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// decodeAnchors reads stored anchors.
func decodeAnchors(raw []byte) ([]peer.AddrInfo, error) {
	end := len(raw) - crc32.Size
	if end < 2 || crc32.ChecksumIEEE(raw[:end]) != binary.LittleEndian.Uint32(raw[end:]) {
		return nil, fmt.Errorf("%w: %d bytes, or a wrong checksum", errAnchors, len(raw))
	}
	version, n, rest := raw[0], int(raw[1]), raw[2:end]
	if version != anchorsVersion || n > maxAnchors {
		return nil, fmt.Errorf("%w: version %d, %d of them", errAnchors, version, n)
	}
	field := func() []byte {
		if len(rest) == 0 || int(rest[0]) >= len(rest) {
			rest = nil
			return nil
		}
		f := rest[1 : 1+int(rest[0])]
		rest = rest[1+len(f):]
		return f
	}
	all := make([]peer.AddrInfo, 0, n)
	for range n {
		id, at := field(), field()
		addr, err := multiaddr.NewMultiaddrBytes(at)
		if len(id) == 0 || len(at) == 0 || err != nil {
			return nil, fmt.Errorf("%w: a peer or its address", errAnchors)
		}
		all = append(all, peer.AddrInfo{ID: peer.ID(id), Addrs: []multiaddr.Multiaddr{addr}})
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", errAnchors, len(rest))
	}
	return all, nil
}

// takeAnchors reads the anchors and forgets them: if it is they who make the node crash, the
// next start does without. Anchors that cannot be read are none.
func takeAnchors(ctx context.Context, ds datastore.Batching) ([]peer.AddrInfo, error) {
	raw, err := ds.Get(ctx, anchorsKey)
	if errors.Is(err, datastore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the anchors: %w", err)
	}
	if err := ds.Delete(ctx, anchorsKey); err != nil {
		return nil, fmt.Errorf("forget the anchors: %w", err)
	}
	if err := ds.Sync(ctx, anchorsKey); err != nil {
		return nil, fmt.Errorf("forget the anchors: %w", err)
	}
	all, err := decodeAnchors(raw)
	if err != nil {
		return nil, nil //nolint:nilerr // what is damaged is left out, as an entry of the book is
	}
	return all, nil
}

// storeAnchors notes the peers of the links for blocks alone, when the node stops.
func (f *Finder) storeAnchors(ctx context.Context) error {
	f.mu.Lock()
	all := slices.Clone(f.anchors) // that were not tried yet
	for _, p := range slices.Sorted(maps.Keys(f.links)) {
		if l := f.links[p]; l.Kind == events.BlockRelay {
			all = append(all, peer.AddrInfo{ID: l.Peer, Addrs: []multiaddr.Multiaddr{l.Addr}})
		}
	}
	f.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	if err := f.ds.Put(ctx, anchorsKey, encodeAnchors(all)); err != nil {
		return fmt.Errorf("store the anchors: %w", err)
	}
	return nil
}
