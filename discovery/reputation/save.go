package reputation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// errRecord is what a stored ban that cannot be read gives.
var errRecord = errors.New("bad record")

// Record is one ban as a store keeps it. Keys are opaque bytes.
type Record struct {
	Key   string
	Value []byte // nil = delete what is there
}

// A key: a letter, and a peer id or an address in 4 or 16 bytes and the length of
// its prefix. A value, little endian:
//
//	 0  1  version: 1
//	 1  1  1 = set by the operator
//	 2  8  from, 8 until: Unix seconds
//	18  1  n · n bytes of reason
//	    4  CRC-32 of the key and of all before
const (
	recordVersion = 1
	fixedBytes    = 19
	sumBytes      = 4
	maxReason     = 64
	keyPeer       = "p"
	keyNet        = "n"
)

func (s Subject) key() string {
	if s.Peer != "" {
		return keyPeer + string(s.Peer)
	}
	return keyNet + string(s.Net.Addr().AsSlice()) + string([]byte{byte(s.Net.Bits())})
}

func subjectOf(key string) (Subject, error) {
	switch {
	case len(key) > 1 && key[:1] == keyPeer:
		return OfPeer(peer.ID(key[1:])), nil
	case len(key) > 2 && key[:1] == keyNet:
		ip, ok := netip.AddrFromSlice([]byte(key[1 : len(key)-1]))
		net := netip.PrefixFrom(ip, int(key[len(key)-1]))
		if ok && !ip.Is4In6() && net.IsValid() && net.Bits() > 0 && net == net.Masked() {
			return Subject{Net: net}, nil
		}
	}
	return Subject{}, fmt.Errorf("%w: key %x", errRecord, key)
}

func (b Ban) encode() []byte {
	out := []byte{recordVersion, 0}
	if b.Manual {
		out[1] = 1
	}
	out = binary.LittleEndian.AppendUint64(out, uint64(b.From.Unix()))
	out = binary.LittleEndian.AppendUint64(out, uint64(b.Until.Unix()))
	reason := b.Reason[:min(len(b.Reason), maxReason)]
	out = append(append(out, byte(len(reason))), reason...)
	return binary.LittleEndian.AppendUint32(out, sum(b.key(), out))
}

// sum ties a record to its key.
func sum(key string, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(key)), crc32.IEEETable, data)
}

func decode(key string, raw []byte) (Ban, error) {
	s, err := subjectOf(key)
	if err != nil {
		return Ban{}, err
	}
	if len(raw) < fixedBytes+sumBytes {
		return Ban{}, fmt.Errorf("%w: %d bytes", errRecord, len(raw))
	}
	body, le := raw[:len(raw)-sumBytes], binary.LittleEndian
	if sum(key, body) != le.Uint32(raw[len(body):]) {
		return Ban{}, fmt.Errorf("%w: wrong checksum", errRecord)
	}
	if n := int(body[fixedBytes-1]); body[0] != recordVersion || body[1] > 1 || n > maxReason || n != len(body)-fixedBytes {
		return Ban{}, fmt.Errorf("%w: version %d, flags %d, a reason of %d bytes", errRecord, body[0], body[1], n)
	}
	return Ban{
		Subject: s, Manual: body[1] == 1, Reason: events.Reason(body[fixedBytes:]),
		From: time.Unix(int64(le.Uint64(body[2:])), 0), Until: time.Unix(int64(le.Uint64(body[10:])), 0),
	}, nil
}

// maxDirty bounds what waits for a driver that does not save: beyond it, ends of bans
// are not noted, and cost records that are over.
const maxDirty = 4 * maxBans

// touch marks a subject's record to be written or deleted.
func (b *bans) touch(s Subject) {
	key := s.key()
	if b.noted[key] {
		return
	}
	if len(b.dirty) >= maxDirty {
		b.dirty = slices.DeleteFunc(b.dirty, func(key string) bool {
			s, err := subjectOf(key)
			idle := err != nil || b.by[s] == nil
			if idle {
				delete(b.noted, key)
			}
			return idle
		})
	}
	b.noted[key] = true
	b.dirty = append(b.dirty, key)
}

// Changes returns which records have changed since it was last called, at most so
// many; call it until it returns none. Who cannot write them keeps them and
// writes them before the next. Points are not stored: they are forgotten in hours.
func (l *Ledger) Changes(most int) []Record {
	b := &l.bans
	n := min(most, len(b.dirty))
	out := make([]Record, 0, n)
	for _, key := range b.dirty[:n] {
		delete(b.noted, key)
		r := Record{Key: key}
		if s, err := subjectOf(key); err == nil && b.by[s] != nil {
			r.Value = b.by[s].encode()
		}
		out = append(out, r)
	}
	if b.dirty = b.dirty[n:]; len(b.dirty) == 0 {
		b.dirty = nil
	}
	return out
}

// Restore returns a ledger with the bans of a store that are not over, and how many
// records could not be read. The next [Ledger.Changes] deletes both these and those
// that are over.
func Restore(cfg Config, spare []peer.ID, now time.Time, records iter.Seq2[string, []byte]) (l *Ledger, damaged int) {
	l = New(cfg, spare)
	var useless []string
	for key, raw := range records {
		ban, err := decode(key, raw)
		if err != nil {
			damaged++
		}
		if err != nil || !now.Before(ban.Until) || l.Spared(ban.Peer) && !ban.Manual || l.bans.set(now, ban) != nil {
			useless = append(useless, key)
		}
	}
	l.bans.dirty = useless // what is in force is stored
	clear(l.bans.noted)
	for _, key := range useless {
		l.bans.noted[key] = true
	}
	return l, damaged
}
