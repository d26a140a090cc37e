package addrbook

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// errRecord is what a stored record that cannot be read gives.
var errRecord = errors.New("bad record")

// A stored entry, little endian; its key is the peer id.
//
//	 0  1  version: 1
//	 1  1  1 = tried
//	 2  4  seen, 4 dialled, 4 answered, 4 counted: Unix seconds, 0 = never
//	18  2  attempts
//	20  8  services
//	28  8  sequence number of the signed record
//	36  1  n ≤ 16 · n × 8 source groups
//	    2  n · n bytes of addresses: each 1 length · multiaddr
//	    2  n · n bytes of signed record
//	    4  CRC-32 of the peer id and of all before
const (
	recordVersion = 1
	fixedBytes    = 37
	sumBytes      = 4
	maxAddrBytes  = MaxAddrs * (1 + MaxAddr)
)

// encode returns the stored form of an entry.
func (e *entry) encode() []byte {
	size := fixedBytes + 8*len(e.sources) + 2 + len(e.addrs) + 2 + len(e.record) + sumBytes
	out := make([]byte, 0, size)
	out = append(out, recordVersion, 0)
	if e.tried {
		out[1] = 1
	}
	le := binary.LittleEndian
	for _, m := range []moment{e.seen, e.dialled, e.answered, e.counted} {
		out = le.AppendUint32(out, uint32(m))
	}
	out = le.AppendUint16(out, e.attempts)
	out = le.AppendUint64(out, e.services)
	out = le.AppendUint64(out, e.seq)
	out = append(out, byte(len(e.sources)))
	for _, g := range e.sources {
		out = le.AppendUint64(out, uint64(g))
	}
	out = append(le.AppendUint16(out, uint16(len(e.addrs))), e.addrs...)
	out = append(le.AppendUint16(out, uint16(len(e.record))), e.record...)
	return le.AppendUint32(out, sum(e.id, out))
}

// sum ties a record to its key.
func sum(p peer.ID, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(p)), crc32.IEEETable, data)
}

// decode reads a stored entry. Of a record that is whole, it also checks what the
// rest of the package takes for granted.
func decode(p peer.ID, raw []byte) (*entry, error) {
	if len(p) == 0 || len(p) > MaxPeerID || len(raw) < fixedBytes+2+2+sumBytes {
		return nil, fmt.Errorf("%w: %d bytes under a key of %d", errRecord, len(raw), len(p))
	}
	le := binary.LittleEndian
	body := raw[:len(raw)-sumBytes]
	if sum(p, body) != le.Uint32(raw[len(body):]) {
		return nil, fmt.Errorf("%w: wrong checksum", errRecord)
	}
	if body[0] != recordVersion || body[1] > 1 {
		return nil, fmt.Errorf("%w: version %d, flags %d", errRecord, body[0], body[1])
	}
	e := &entry{
		tried: body[1] == 1,
		seen:  moment(le.Uint32(body[2:])), dialled: moment(le.Uint32(body[6:])),
		answered: moment(le.Uint32(body[10:])), counted: moment(le.Uint32(body[14:])),
		attempts: le.Uint16(body[18:]), services: le.Uint64(body[20:]), seq: le.Uint64(body[28:]),
	}
	rest, err := e.decodeSources(body[fixedBytes-1:])
	if err != nil {
		return nil, err
	}
	list, rest, err := cut(rest, maxAddrBytes)
	if err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	record, rest, err := cut(rest, MaxRecord)
	if err != nil {
		return nil, fmt.Errorf("signed record: %w", err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", errRecord, len(rest))
	}
	e.record, e.addrs = string(record), addrs(list)
	e.id = peer.ID(within(e.record, string(p)))
	return e, e.addrs.check()
}

// decodeSources reads a number and so many groups.
func (e *entry) decodeSources(raw []byte) (rest []byte, err error) {
	n := int(raw[0])
	if n == 0 || n > maxSources || len(raw) < 1+8*n {
		return nil, fmt.Errorf("%w: %d sources", errRecord, n)
	}
	e.sources = make([]Group, n)
	for i := range e.sources {
		e.sources[i] = Group(binary.LittleEndian.Uint64(raw[1+8*i:]))
	}
	return raw[1+8*n:], nil
}

// cut takes a field with its length before it.
func cut(raw []byte, most int) (field, rest []byte, err error) {
	if len(raw) < 2 {
		return nil, nil, fmt.Errorf("%w: too short", errRecord)
	}
	n := int(binary.LittleEndian.Uint16(raw))
	if n > most || n > len(raw)-2 {
		return nil, nil, fmt.Errorf("%w: %d bytes", errRecord, n)
	}
	return raw[2 : 2+n], raw[2+n:], nil
}

// check reports the first address that cannot be an entry's.
func (a addrs) check() error {
	first, ok := a.host()
	if !ok {
		return fmt.Errorf("%w: no address", errRecord)
	}
	for n := 0; len(a) > 0; n++ {
		size := int(a[0])
		if size >= len(a) || n == MaxAddrs {
			return fmt.Errorf("%w: address %d of %d bytes", errRecord, n, size)
		}
		m, err := multiaddr.NewMultiaddrBytes([]byte(a[1 : 1+size]))
		if err != nil {
			return fmt.Errorf("%w: address %d: %w", errRecord, n, err)
		}
		raw, fits := usable(m)
		if h, _ := hostOf(raw); !fits || raw != string(a[1:1+size]) || h.ip != first.ip {
			return fmt.Errorf("%w: address %d, %s", errRecord, n, m)
		}
		a = a[1+size:]
	}
	return nil
}
