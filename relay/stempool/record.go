package stempool

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/dandelion"
)

// A record is stored under the transaction's id:
//
//	1 version · 1 flags · 8 Unix nanoseconds of the embargo's end, big endian ·
//	1 n · n edge · transaction · 4 CRC-32C of what is before, big endian
//
// The sum tells a spoilt embargo, which could last for ever, or a spoilt edge.
const (
	recordVersion = 2 // version 1 had no sum
	stemmedFlag   = 1
	recordHeader  = 1 + 1 + 8 + 1
	recordSum     = 4
)

// Record is a transaction from the shelf.
type Record struct {
	Held dandelion.Held
	Tx   *btcutil.Tx
}

func encode(h dandelion.Held, raw []byte) []byte {
	from := h.From[:min(len(h.From), math.MaxUint8)] // a peer id has 34 to 42 bytes
	value := make([]byte, recordHeader, recordHeader+len(from)+len(raw)+recordSum)
	value[0] = recordVersion
	if h.Stemmed {
		value[1] = stemmedFlag
	}
	binary.BigEndian.PutUint64(value[2:], uint64(h.Until.UnixNano())) // after 1970
	value[10] = byte(len(from))                                       // see above
	value = append(append(value, from...), raw...)
	return binary.BigEndian.AppendUint32(value, sum(value))
}

func decode(value []byte) (r Record, ok bool) {
	if len(value) < recordHeader+recordSum || value[0] != recordVersion || value[1] > stemmedFlag {
		return Record{}, false
	}
	body := value[:len(value)-recordSum]
	n := recordHeader + int(body[10])
	if binary.BigEndian.Uint32(value[len(body):]) != sum(body) || len(body) < n {
		return Record{}, false
	}
	tx, err := btcutil.NewTxFromBytes(body[n:])
	if err != nil || tx.MsgTx().SerializeSize() != len(body)-n { // NewTxFromBytes takes trailing bytes
		return Record{}, false
	}
	return Record{
		Tx: tx,
		Held: dandelion.Held{
			Tx: *tx.Hash(), From: peer.ID(body[recordHeader:n]), Stemmed: body[1] == stemmedFlag,
			Until: time.Unix(0, int64(binary.BigEndian.Uint64(body[2:]))), // as it was put
		},
	}, true
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
