package sim

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Routers and schedules know peers by id and transactions by hash; the network
// knows both by number. An id is the number, big endian, so that sorting by it
// is sorting by number; a hash is random but for its last four bytes.

const idBytes = 4

// names returns the ids of the numbers [0, n), cut from one string.
func names(n int) []peer.ID {
	all := make([]byte, 0, n*idBytes)
	for v := range n {
		all = binary.BigEndian.AppendUint32(all, uint32(v))
	}
	text, ids := string(all), make([]peer.ID, n)
	for v := range ids {
		ids[v] = peer.ID(text[v*idBytes : (v+1)*idBytes])
	}
	return ids
}

// number returns the node of an id, -1 for none.
func number(id peer.ID) int32 {
	if len(id) != idBytes {
		return -1
	}
	return int32(id[0])<<24 | int32(id[1])<<16 | int32(id[2])<<8 | int32(id[3])
}

func hashOf(tx int32, rng *rand.Rand) (h chainhash.Hash) {
	for i := 0; i < 24; i += 8 {
		binary.LittleEndian.PutUint64(h[i:], rng.Uint64())
	}
	binary.LittleEndian.PutUint32(h[28:], uint32(tx))
	return h
}

func txOf(h *chainhash.Hash) int32 { return int32(binary.LittleEndian.Uint32(h[28:])) }
