// Package headerlist is the payload that answers to getheaders and announcements
// share: Bitcoin's headers message.
//
//	varint n · n × (80 header · 1 zero, the number of its transactions)
package headerlist

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// entry is what one header takes, in bytes.
const entry = wire.MaxBlockHeaderPayload + 1

// Size returns the largest payload of so many headers, in bytes.
func Size(headers int) uint32 {
	return uint32(wire.VarIntSerializeSize(uint64(headers)) + headers*entry) // limits of a few thousand
}

// Encode returns the payload.
func Encode(headers []wire.BlockHeader) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, Size(len(headers))))
	if err := wire.WriteVarInt(w, envelope.ProtocolVersion, uint64(len(headers))); err != nil {
		return nil, err
	}
	for i := range headers {
		if err := headers[i].Serialize(w); err != nil {
			return nil, err
		}
		w.WriteByte(0)
	}
	return w.Bytes(), nil
}

// Decode reads a payload of at most so many headers; more have the given reason.
// Faults come as *[envelope.Error].
func Decode(payload []byte, most int, tooMany events.Reason) ([]wire.BlockHeader, error) {
	r := bytes.NewReader(payload)
	n, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return nil, fault(events.Malformed, "number of headers: %w", err)
	}
	if n > uint64(most) { // a limit
		return nil, fault(tooMany, "%d headers, the limit is %d", n, most)
	}
	switch size := uint64(r.Len()); { // a length
	case size < n*entry:
		return nil, fault(events.Malformed, "%d bytes for %d headers", size, n)
	case size > n*entry:
		return nil, fault(events.TrailingBytes, "%d bytes after %d headers", size-n*entry, n)
	}
	headers := make([]wire.BlockHeader, n)
	for i := range headers {
		if err := headers[i].Deserialize(r); err != nil {
			return nil, fault(events.Malformed, "header %d: %w", i, err)
		}
		if txs, err := r.ReadByte(); err != nil || txs != 0 {
			return nil, fault(events.Malformed, "header %d claims %d transactions", i, txs)
		}
	}
	return headers, nil
}

// Check says whether each header is the child of the one before it and carries
// the work that it claims. Whether it is the right work is for whoever knows the
// chain. Faults come as *[envelope.Error].
func Check(params *chaincfg.Params, headers []wire.BlockHeader) error {
	var bits uint32
	target := new(big.Int)
	var last chainhash.Hash
	for i := range headers {
		h := &headers[i]
		if i > 0 && h.PrevBlock != last {
			return fault(events.UnsortedHeaders, "header %d is not the child of header %d", i, i-1)
		}
		last = h.BlockHash()
		if i == 0 || h.Bits != bits {
			bits, target = h.Bits, blockchain.CompactToBig(h.Bits)
			if target.Sign() <= 0 || target.Cmp(params.PowLimit) > 0 {
				return fault(events.BadProofOfWork, "header %v: difficulty %08x is outside the network's", last, bits)
			}
		}
		if blockchain.HashToBig(&last).Cmp(target) > 0 {
			return fault(events.BadProofOfWork, "header %v is above its target", last)
		}
	}
	return nil
}

func fault(r events.Reason, format string, args ...any) error {
	return &envelope.Error{Reason: r, Err: fmt.Errorf(format, args...)}
}
