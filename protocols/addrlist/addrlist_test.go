package addrlist

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// key returns the key of a seed.
func key(tb testing.TB, seed byte) (crypto.PrivKey, peer.ID) {
	tb.Helper()
	k, _, err := crypto.GenerateEd25519Key(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		tb.Fatal(err)
	}
	p, err := peer.IDFromPrivateKey(k)
	if err != nil {
		tb.Fatal(err)
	}
	return k, p
}

// sealed returns a record of one peer, signed by a key.
func sealed(tb testing.TB, p peer.ID, k crypto.PrivKey, addrs ...string) []byte {
	tb.Helper()
	r := &peer.PeerRecord{PeerID: p, Seq: 7}
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, multiaddr.StringCast(a))
	}
	e, err := record.Seal(r, k)
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := e.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// golden is one entry, of the peer whose key has the seed 01 … 01: Ed25519 and
// protobuf give the same bytes everywhere.
const golden = "01" + "00f1536500000000" + "b3" + // one entry, time, 179 bytes
	"0a24080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c" + // key
	"12020301" + "1a45" + // a peer record of 69 bytes
	"0a260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c" + "1007" + // id, sequence number
	"1a0a0a08040102030406211d" + "1a0d0a0b04010203049102211dcd03" + // two addresses
	"2a40696434713ebad550cf22f711a073791a94e8140d9e1b84042a3c810e2c147a3df8e09a675cfd6af5cac945445aef7ea22318fa306404bb47cccecc6a9e83ff08"

func TestGoldenEntry(t *testing.T) {
	k, p := key(t, 1)
	raw := sealed(t, p, k, "/ip4/1.2.3.4/tcp/8477", "/ip4/1.2.3.4/udp/8477/quic-v1")
	payload, err := Encode([]Entry{{time.Unix(1_700_000_000, 0), raw}}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(payload); got != golden {
		t.Errorf("%s, want %s", got, golden)
	}
	entries, err := Decode(payload, 1)
	if err != nil || len(entries) != 1 || entries[0].Seen.Unix() != 1_700_000_000 {
		t.Fatalf("%v, %v", entries, err)
	}
	r, err := Verify(entries[0].Record)
	if err != nil || r.PeerID != p || r.Seq != 7 || len(r.Addrs) != 2 || r.Addrs[1].String() != "/ip4/1.2.3.4/udp/8477/quic-v1" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestOnlyThePeersOwnSignatureCounts(t *testing.T) {
	mine, me := key(t, 1)
	theirs, them := key(t, 2)
	good := sealed(t, me, mine, "/ip4/1.2.3.4/tcp/1")
	if _, err := Verify(good); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(sealed(t, them, mine, "/ip4/1.2.3.4/tcp/1")); !errors.Is(err, ErrUnsigned) {
		t.Errorf("a record that I sign for another peer: %v", err)
	}
	// CVE-2023-40583's kind: records of made-up ids, by one signer.
	if _, err := Verify(sealed(t, "made up", theirs, "/ip4/1.2.3.4/tcp/1")); err == nil {
		t.Error("a record of nobody passes")
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if r, err := Verify(bad); err == nil && r.PeerID == me && r.Seq == 7 && r.Addrs[0].String() == "/ip4/1.2.3.4/tcp/1" {
			continue // a bit of protobuf's that means nothing
		} else if err == nil {
			t.Errorf("byte %d may be changed: %+v", i, r)
		}
	}
	for _, bad := range [][]byte{nil, {0}, good[:50]} {
		if _, err := Verify(bad); err == nil {
			t.Errorf("%x passes", bad)
		}
	}
}

func TestWhatMayBeDialled(t *testing.T) {
	const id = "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
	for a, want := range map[string]string{ // public, private or not at all
		"/ip4/1.2.3.4/tcp/8477":                       "public",
		"/ip4/1.2.3.4/udp/8477/quic-v1":               "public",
		"/ip6/2a01:4f8::1/tcp/8477":                   "public",
		"/ip6/2a01:4f8::1/udp/1/quic-v1":              "public",
		"/ip4/127.0.0.1/tcp/1":                        "private",
		"/ip4/10.0.0.1/tcp/1":                         "private",
		"/ip4/172.16.3.4/udp/1/quic-v1":               "private",
		"/ip4/192.168.1.1/tcp/1":                      "private",
		"/ip4/169.254.1.1/tcp/1":                      "private",
		"/ip4/100.64.0.1/tcp/1":                       "private",
		"/ip4/224.0.0.1/tcp/1":                        "private",
		"/ip4/255.255.255.255/tcp/1":                  "private",
		"/ip4/0.0.0.0/tcp/1":                          "private",
		"/ip4/203.0.113.1/tcp/1":                      "private",
		"/ip6/::1/tcp/1":                              "private",
		"/ip6/::/tcp/1":                               "private",
		"/ip6/fe80::1/tcp/1":                          "private",
		"/ip6/fd00::1/tcp/1":                          "private",
		"/ip6/ff02::1/tcp/1":                          "private",
		"/ip6/2001:db8::1/tcp/1":                      "private",
		"/ip6/2002:0a00:0001::1/tcp/1":                "private", // 6to4 of 10.0.0.1
		"/ip6/2001::1/tcp/1":                          "private", // Teredo
		"/ip6/::ffff:10.0.0.1/tcp/1":                  "private",
		"/ip6/::ffff:8.8.8.8/tcp/1":                   "private",
		"/ip4/1.2.3.4/tcp/0":                          "",
		"/ip4/1.2.3.4/udp/0/quic-v1":                  "",
		"/ip4/1.2.3.4/udp/1":                          "",
		"/ip4/1.2.3.4/tcp/1/ws":                       "",
		"/ip4/1.2.3.4/udp/1/quic-v1/webtransport":     "",
		"/ip4/1.2.3.4":                                "",
		"/dns4/example.com/tcp/1":                     "",
		"/dnsaddr/example.com":                        "",
		"/ip4/1.2.3.4/tcp/1" + id:                     "",
		"/ip4/1.2.3.4/tcp/1" + id + "/p2p-circuit":    "",
		"/ip6zone/eth0/ip6/fe80::1/tcp/1":             "",
		"/unix/tmp/socket":                            "",
		"/ip4/1.2.3.4/udp/1/quic-v1" + id:             "",
		"/ip4/1.2.3.4/udp/1/quic-v1/p2p-circuit" + id: "",
	} {
		got := ""
		if m := multiaddr.StringCast(a); Public(m) {
			got = "public"
		} else if Dialable(m) {
			got = "private"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", a, got, want)
		}
	}
	if Dialable(nil) || Public(nil) {
		t.Error("no address is dialled")
	}
}

func TestEncodeKeepsToItsLimit(t *testing.T) {
	entries := make([]Entry, 100)
	for i := range entries {
		entries[i].Record = make([]byte, 300)
	}
	for _, most := range []int{1, 400, 10_000, 31_101} {
		payload, err := Encode(entries, most)
		if err != nil || len(payload) > most {
			t.Errorf("%d bytes, %v; the limit is %d", len(payload), err, most)
		}
		if again, err := Decode(payload, 100); err != nil || len(again) != (most-1)/311 {
			t.Errorf("%d entries in %d bytes, %v", len(again), most, err)
		}
	}
	if _, err := Encode([]Entry{{Record: make([]byte, MaxRecord+1)}}, 1<<20); err == nil {
		t.Error("a record that is too long is sent")
	}
}

func TestFaultsAreNamed(t *testing.T) {
	whole, err := Encode([]Entry{{time.Unix(1, 0), []byte("abc")}}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	long := append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0x01, 0x08}, make([]byte, MaxRecord+1)...)
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":              {nil, events.Malformed},
		"too many":             {[]byte{4}, events.TooMany},
		"far too many":         {[]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0x80}, events.TooMany},
		"fewer than claimed":   {[]byte{3, 0}, events.Malformed},
		"cut off in a time":    {whole[:5], events.Malformed},
		"cut off in a record":  {whole[:len(whole)-1], events.Malformed},
		"a record too long":    {long, events.Malformed},
		"a byte too many":      {append(bytes.Clone(whole), 0), events.TrailingBytes},
		"a size that is waste": {append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 3, 0}, "abc"...), events.Malformed},
	} {
		_, err := Decode(c.payload, 3)
		fault, ok := errors.AsType[*envelope.Error](err)
		if !ok || fault.Reason != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	k, p := key(f, 1)
	payload, err := Encode([]Entry{{time.Unix(5, 0), sealed(f, p, k, "/ip4/1.2.3.4/tcp/1")}, {time.Unix(-1, 0), nil}}, 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		entries, err := Decode(payload, 2500)
		if err != nil {
			return
		}
		if again, err := Encode(entries, len(payload)); err != nil || !bytes.Equal(again, payload) {
			t.Errorf("%x became %x: %v", payload, again, err)
		}
		for _, e := range entries {
			if r, err := Verify(e.Record); err == nil {
				multiaddr.FilterAddrs(r.Addrs, Public)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	k, p := key(b, 1)
	raw := sealed(b, p, k, "/ip4/1.2.3.4/tcp/8477", "/ip4/1.2.3.4/udp/8477/quic-v1")
	b.ReportMetric(float64(len(raw)), "bytes")
	for b.Loop() {
		if _, err := Verify(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecord compares what a new record costs with one that is known to the byte.
func BenchmarkRecord(b *testing.B) {
	k, p := key(b, 1)
	raw := sealed(b, p, k, "/ip4/1.2.3.4/tcp/8477", "/ip4/1.2.3.4/udp/8477/quic-v1")
	for name, open := range map[string]func([]byte) (*peer.PeerRecord, error){"verify": Verify, "peek": Peek} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if r, err := open(raw); err != nil || r.PeerID != p {
					b.Fatal(r, err)
				}
			}
		})
	}
}
