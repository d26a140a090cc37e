// Package invlist is the payload that inv, getdata and notfound share: a list of
// Bitcoin's inventory vectors. Wire's own messages allocate for the number that a
// sender claims; here the number has to fit the bytes first.
//
//	varint n · n × (4 type · 32 hash)
package invlist

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// entry is what one vector takes, in bytes.
const entry = 4 + chainhash.HashSize

// Size returns the largest payload of so many vectors, in bytes.
func Size(vectors int) uint32 {
	return uint32(wire.VarIntSerializeSize(uint64(vectors)) + vectors*entry) // limits of a few thousand
}

// Encode returns the payload for hashes of one type.
func Encode(kind wire.InvType, hashes []chainhash.Hash) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, Size(len(hashes))))
	if err := wire.WriteVarInt(w, envelope.ProtocolVersion, uint64(len(hashes))); err != nil {
		return nil, err
	}
	for i := range hashes {
		w.Write(binary.LittleEndian.AppendUint32(nil, uint32(kind)))
		w.Write(hashes[i][:])
	}
	return w.Bytes(), nil
}

// Decode reads a payload of at most so many vectors. Faults come as
// *[envelope.Error].
func Decode(payload []byte, most int) ([]wire.InvVect, error) {
	r := bytes.NewReader(payload)
	n, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return nil, fault(events.Malformed, "number of entries: %w", err)
	}
	if n > uint64(most) { // a limit
		return nil, fault(events.TooMany, "%d entries, the limit is %d", n, most)
	}
	switch size := uint64(r.Len()); { // a length
	case size < n*entry:
		return nil, fault(events.Malformed, "%d bytes for %d entries", size, n)
	case size > n*entry:
		return nil, fault(events.TrailingBytes, "%d bytes after %d entries", size-n*entry, n)
	}
	rest := payload[len(payload)-r.Len():]
	vectors := make([]wire.InvVect, n)
	for i := range vectors {
		vectors[i].Type = wire.InvType(binary.LittleEndian.Uint32(rest))
		copy(vectors[i].Hash[:], rest[4:])
		rest = rest[entry:]
	}
	return vectors, nil
}

func fault(r events.Reason, format string, args ...any) error {
	return &envelope.Error{Reason: r, Err: fmt.Errorf(format, args...)}
}
