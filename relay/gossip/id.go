package gossip

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"

	"github.com/pappus-network/pappus/protocols/envelope"
)

// namer gives messages their ids. It is called for every copy of a message, and
// reads no more than it must: a transaction's bytes, hashed twice, are its wtxid,
// and their hash begins with the envelope's checksum.
type namer struct {
	net        wire.BitcoinNet
	txs, block string // topics
}

// id implements pubsub's MsgIdFunction. What is no well-formed envelope has the
// hash of its bytes for a name: it must not take the name of what is one.
func (n namer) id(m *pb.Message) string {
	data := m.GetData()
	command, object := tx, data
	if m.GetTopic() == n.block {
		command = headers
	}
	if len(data) <= envelope.HeaderSize {
		return plain(data)
	}
	object = data[envelope.HeaderSize:]
	sum := chainhash.DoubleHashH(object)
	if !n.fits(data[:envelope.HeaderSize], command, len(object), sum) {
		return plain(data)
	}
	if command == tx {
		return string(sum[:])
	}
	if len(object) != oneHeader || object[0] != 1 {
		return plain(data)
	}
	hash := chainhash.DoubleHashH(object[1 : 1+wire.MaxBlockHeaderPayload])
	return string(hash[:])
}

// fits says whether a header is the one of such an object.
func (n namer) fits(header []byte, command envelope.Command, size int, sum chainhash.Hash) bool {
	var want [envelope.HeaderSize]byte
	binary.LittleEndian.PutUint32(want[:], uint32(n.net))
	copy(want[4:16], command)
	binary.LittleEndian.PutUint32(want[16:], uint32(size)) // of one message
	copy(want[20:], sum[:4])
	return bytes.Equal(header, want[:])
}

// plain is prefixed, so that no plain name is another object's.
func plain(data []byte) string {
	sum := sha256.Sum256(data)
	return "?" + string(sum[:])
}
