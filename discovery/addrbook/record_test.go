package addrbook

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

// golden is an entry as it is stored, by hand. A change of these bytes costs every
// operator an address book: raise the version and read both.
const golden = "" +
	"01" + "01" + // version, tried
	"00f15365" + "10f15365" + "20f15365" + "00000000" + // seen, dialled, answered, counted
	"0200" + // attempts
	"0500000000000000" + "0700000000000000" + // services, sequence number
	"02" + "0908000001000000" + "4433221104000000" + // two sources: 8.9.0.0/16, a seed
	"0900" + "08" + "0401020304" + "06211d" + // /ip4/1.2.3.4/tcp/8477
	"0300" + "726563" + // signed record: "rec"
	"3d54b4f3" // CRC-32

func goldenEntry() *entry {
	return &entry{
		id: "peer", tried: true, seen: 1_700_000_000, dialled: 1_700_000_016, answered: 1_700_000_032,
		attempts: 2, services: 5, seq: 7, sources: []Group{groupIPv4 | 0x0809, groupSeed | 0x11223344},
		addrs: "\x08\x04\x01\x02\x03\x04\x06\x21\x1d", record: "rec",
	}
}

func goldenBytes(tb testing.TB) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(golden)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestGoldenRecord(t *testing.T) {
	want := goldenBytes(t)
	if got := goldenEntry().encode(); !bytes.Equal(got, want) {
		t.Errorf("stored as\n%x, want\n%x", got, want)
	}
	e, err := decode("peer", want)
	if err != nil || !bytes.Equal(e.encode(), want) || e.addrs.list()[0].String() != "/ip4/1.2.3.4/tcp/8477" || e.sources[0].String() != "8.9.0.0/16" {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := decode("pear", want); err == nil {
		t.Error("a record is read under another peer's key")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("peer", goldenBytes(f)[:len(goldenBytes(f))-4])
	e := goldenEntry()
	e.addrs = "\x08\x04\x01\x02\x03\x04\x06\x21\x1d\x0c\x04\x01\x02\x03\x04\x91\x02\x21\x1d\xcd\x03"
	f.Add("peer", e.encode()[:len(e.encode())-4])
	f.Fuzz(func(t *testing.T, key string, body []byte) {
		raw := binary.LittleEndian.AppendUint32(body, sum(peer.ID(key), body)) // else nothing passes
		e, err := decode(peer.ID(key), raw)
		if err != nil {
			return
		}
		if again := e.encode(); !bytes.Equal(again, raw) {
			t.Errorf("%x became %x", raw, again)
		}
		if n := len(e.addrs.list()); n == 0 || n > MaxAddrs || len(e.record) > MaxRecord {
			t.Errorf("%d addresses, a record of %d bytes", n, len(e.record))
		}
		b := empty(1)
		if !b.restore(e) {
			t.Error("an empty book has no slot for it")
		}
		b.check(t)
	})
}
