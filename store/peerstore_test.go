package store_test

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoreds"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/store"
)

func headerKey(n int) datastore.Key {
	var raw [32]byte
	binary.BigEndian.PutUint64(raw[:], uint64(n)*0x9e3779b97f4a7c15) // hashes come in no order
	return datastore.NewKey(hex.EncodeToString(raw[:]))
}

func openPeerstore(t *testing.T, s *store.Store) peerstore.Peerstore {
	t.Helper()
	peers, err := pstoreds.NewPeerstore(t.Context(), s.View("peerstore"), pstoreds.DefaultOpts())
	if err != nil {
		t.Fatalf("open peerstore: %v", err)
	}
	return peers
}

func TestPeerstorePersists(t *testing.T) {
	dir := t.TempDir()
	private, public, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	addr := multiaddr.StringCast("/ip4/192.0.2.7/tcp/8477")

	s := open(t, dir)
	peers := openPeerstore(t, s)
	peers.AddAddr(id, addr, peerstore.PermanentAddrTTL)
	if err := peers.AddPrivKey(id, private); err != nil {
		t.Fatal(err)
	}
	if err := peers.Put(id, "AgentVersion", "pappus/0.1"); err != nil {
		t.Fatal(err)
	}
	if err := peers.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writeUnsynced(s); err != nil {
		t.Fatalf("the store closed with its peerstore: %v", err)
	}
	closeStore(t, s)

	s = open(t, dir)
	peers = openPeerstore(t, s)
	if addrs := peers.Addrs(id); len(addrs) != 1 || !addrs[0].Equal(addr) {
		t.Errorf("addresses = %v, want %v", addrs, addr)
	}
	if key := peers.PrivKey(id); key == nil || !key.Equals(private) {
		t.Error("the private key is gone")
	}
	if agent, err := peers.Get(id, "AgentVersion"); err != nil || agent != "pappus/0.1" {
		t.Errorf("agent = %v, %v", agent, err)
	}
	if err := peers.Close(); err != nil {
		t.Error(err)
	}
	closeStore(t, s)
}
