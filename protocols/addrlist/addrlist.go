// Package addrlist is the payload that answers to getaddr and announcements of
// addresses share: peers by the records that they have signed.
//
//	varint n · n × (8 last success, Unix seconds · varint m ≤ 2,048 · m signed envelope)
//
// The envelope is libp2p's (RFC 0002) with a peer record (RFC 0003). An entry is
// used only if its signature is by the peer it names; whoever passes it on cannot
// change the addresses, and dials nobody who has not asked for it. Source: design.md §3.
package addrlist

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// MaxRecord is the longest signed envelope in bytes. One with an Ed25519 key and
// four addresses has 250, with an RSA key of 2,048 bits 800. Source: design.md §3.
const MaxRecord = 2048

// minEntry is the least that an entry takes, in bytes.
const minEntry = 8 + 1

// Entry is what a peer says of another one.
type Entry struct {
	Seen   time.Time // when somebody last had a link to it, to the second; as told, any 64 bits
	Record []byte    // signed envelope
}

// Encode returns a payload of at most so many bytes. Entries that do not fit are
// left out, the last ones first.
func Encode(entries []Entry, most int) ([]byte, error) {
	size, n := wire.VarIntSerializeSize(uint64(len(entries))), 0
	for ; n < len(entries); n++ {
		m := len(entries[n].Record)
		if m > MaxRecord {
			return nil, fmt.Errorf("a record of %d bytes, the limit is %d", m, MaxRecord)
		}
		if size += 8 + wire.VarIntSerializeSize(uint64(m)) + m; size > most {
			break
		}
	}
	var w bytes.Buffer
	if err := wire.WriteVarInt(&w, envelope.ProtocolVersion, uint64(n)); err != nil {
		return nil, err
	}
	for _, e := range entries[:n] {
		w.Write(binary.LittleEndian.AppendUint64(nil, uint64(e.Seen.Unix())))
		if err := wire.WriteVarBytes(&w, envelope.ProtocolVersion, e.Record); err != nil {
			return nil, err
		}
	}
	return w.Bytes(), nil
}

// Decode reads a payload of at most so many entries. Nothing is verified. Faults
// come as *[envelope.Error].
func Decode(payload []byte, most int) ([]Entry, error) {
	r := bytes.NewReader(payload)
	n, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return nil, fault(events.Malformed, "number of entries: %w", err)
	}
	if n > uint64(most) { // a limit
		return nil, fault(events.TooMany, "%d entries, the limit is %d", n, most)
	}
	if size := uint64(r.Len()); size < n*minEntry { // a length
		return nil, fault(events.Malformed, "%d bytes for %d entries", size, n)
	}
	entries := make([]Entry, n)
	for i := range entries {
		if entries[i], err = decodeEntry(r, payload); err != nil {
			return nil, fault(events.Malformed, "entry %d: %w", i, err)
		}
	}
	if r.Len() > 0 {
		return nil, fault(events.TrailingBytes, "%d bytes after %d entries", r.Len(), n)
	}
	return entries, nil
}

// decodeEntry reads an entry. Its record is a part of the payload.
func decodeEntry(r *bytes.Reader, payload []byte) (Entry, error) {
	var seen [8]byte
	if n, _ := r.Read(seen[:]); n < len(seen) { // a Reader of bytes reads what there is
		return Entry{}, fmt.Errorf("%d bytes of a time", n)
	}
	m, err := wire.ReadVarInt(r, envelope.ProtocolVersion)
	if err != nil {
		return Entry{}, fmt.Errorf("size of the record: %w", err)
	}
	if left := r.Len(); m > MaxRecord || m > uint64(left) { // a length
		return Entry{}, fmt.Errorf("a record of %d bytes, the limit is %d, there are %d", m, MaxRecord, left)
	}
	start := len(payload) - r.Len()
	end := start + int(m) // at most MaxRecord
	r.Reset(payload)
	if _, err := r.Seek(int64(end), 0); err != nil {
		return Entry{}, err
	}
	return Entry{Seen: time.Unix(int64(binary.LittleEndian.Uint64(seen[:])), 0), Record: payload[start:end:end]}, nil
}

func fault(r events.Reason, format string, args ...any) error {
	return &envelope.Error{Reason: r, Err: fmt.Errorf(format, args...)}
}
