package discovery

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/store"
)

// signed returns a new peer and its record.
func signed(t *testing.T, addr string) (peer.ID, []byte) {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	e, err := record.Seal(&peer.PeerRecord{PeerID: id, Seq: 1, Addrs: []multiaddr.Multiaddr{multiaddr.StringCast(addr)}}, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return id, raw
}

func TestOperatorsEntriesAreCheckedAndListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testhost.New(t, 1, time.Millisecond)[0]
		f := start(t, h, store.OpenMemory().View("addrbook"), 1, 0)
		at := func(s string) []multiaddr.Multiaddr { return []multiaddr.Multiaddr{multiaddr.StringCast(s)} }
		a, ofA := signed(t, "/ip4/30.1.0.1/tcp/8477")
		b, ofB := signed(t, "/ip4/192.168.0.1/tcp/8477")
		bad := slices.Clone(ofA)
		bad[len(bad)-1] ^= 1
		for _, c := range []struct {
			name   string
			peer   peer.ID
			addrs  []multiaddr.Multiaddr
			record []byte
			isNew  bool
			err    error // nil = any, if refused
			refuse bool
		}{
			{name: "this node", peer: h.ID(), addrs: at("/ip4/30.1.0.1/tcp/1"), err: ErrSelf, refuse: true},
			{name: "a record whose signature is wrong", peer: a, record: bad, refuse: true},
			{name: "another peer's record", peer: b, record: ofA, err: ErrOther, refuse: true},
			{name: "a signed address that is private", peer: b, record: ofB, err: ErrNotPublic, refuse: true},
			{name: "no address", peer: b, err: ErrNotPublic, refuse: true},
			{name: "a signed record; what is said beside it does not count", peer: a, addrs: at("/ip4/30.9.0.1/tcp/1"), record: ofA, isNew: true},
			{name: "the same again", peer: a, record: ofA},
			{name: "an unsigned address of the same host", peer: a, addrs: at("/ip4/30.1.0.1/tcp/8477")},
			{name: "an unsigned address elsewhere", peer: a, addrs: at("/ip4/30.2.0.1/tcp/8477"), err: ErrSigned, refuse: true},
			{name: "an unsigned address of a peer that is not known", peer: b, addrs: at("/ip6/2a00::1/udp/8477/quic-v1"), isNew: true},
		} {
			isNew, err := f.Learn(c.peer, c.addrs, c.record, 1, time.Time{})
			if isNew != c.isNew || (err != nil) != c.refuse || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("%s: new %v, %v", c.name, isNew, err)
			}
		}
		if fresh, tried := f.Kinds(); fresh != [2]int{1, 1} || tried != [2]int{} {
			t.Errorf("%v new and %v tried, IPv4 first", fresh, tried)
		}
		ids := []peer.ID{a, b}
		slices.Sort(ids)
		for i, after := range []peer.ID{"", ids[0]} {
			page := f.Entries(after, 1)
			if len(page) != 1 || page[0].Peer != ids[i] || !page[0].Usable {
				t.Errorf("page %d: %+v", i, page)
			}
		}
		if rest := f.Entries(ids[1], 9); len(rest) != 0 {
			t.Errorf("after the last: %+v", rest)
		}
		if e := f.Entries("", 9)[slices.Index(ids, a)]; string(e.Record) != string(ofA) || e.Addrs[0].String() != "/ip4/30.1.0.1/tcp/8477" {
			t.Errorf("the signed entry: %+v", e)
		}
	})
}
