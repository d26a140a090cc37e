package reputation

import (
	"net/netip"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func ledger(spare ...peer.ID) *Ledger { return New(DefaultConfig(), spare) }

func party(p peer.ID, ip string) Party {
	if ip == "" {
		return Party{Peer: p}
	}
	return Party{p, netip.MustParseAddr(ip)}
}

func subject(tb testing.TB, s string) Subject {
	tb.Helper()
	parsed, err := ParseSubject(s)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed
}

const (
	lie  = events.BadProofOfWork
	slip = events.TrailingBytes
)
