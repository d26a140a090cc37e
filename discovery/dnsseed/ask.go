package dnsseed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// Bounds of what one seed can make a node do.
const (
	// maxNames is how many names are asked, the seed's own included: one a region
	// and a few to spare.
	maxNames = 16
	// maxPeers is how many peers are taken from one seed. Core takes 256 of one
	// name (net.cpp, ThreadDNSAddressSeed asks for as many).
	maxPeers = 256
	// maxAddrs is how many addresses of one peer are taken: TCP and QUIC over
	// two families, twice.
	maxAddrs = 8
	// maxRecord is the longest record that is read, in bytes: a TXT string's 255
	// hold any address of ours, and two strings leave room for names.
	maxRecord = 512
)

// ErrNothing is returned for a seed that answers and names no peer.
var ErrNothing = errors.New("the seed names no peer")

// Resolver looks up text records. *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Answer is what a seed says.
type Answer struct {
	Peers   []peer.AddrInfo // by id
	Ignored int             // records that name no peer, or too many of them
}

const (
	prefix  = "dnsaddr="
	pointer = "/dnsaddr/"
)

// Ask asks a seed by its host name. It returns what was learned even if some of
// the names that the seed points to did not answer; the error is the seed's own,
// or [ErrNothing]. The context bounds all of it.
func Ask(ctx context.Context, r Resolver, host string) (Answer, error) {
	host = strings.TrimSuffix(host, ".")
	if err := check(host); err != nil {
		return Answer{}, err
	}
	var a Answer
	names, peers := []string{host}, map[peer.ID]*peer.AddrInfo{}
	for i := 0; i < len(names); i++ { // names grows
		records, err := r.LookupTXT(ctx, "_dnsaddr."+names[i])
		if err != nil && i == 0 {
			return Answer{}, fmt.Errorf("ask seed %s: %w", host, err)
		}
		for _, record := range records {
			value, ok := strings.CutPrefix(record, prefix)
			if !ok {
				continue // the name has other uses
			}
			next, points := pointed(value)
			switch {
			case points && len(names) < maxNames && check(next) == nil && !slices.Contains(names, next):
				names = append(names, next)
			case points, !take(peers, value):
				a.Ignored++
			}
		}
	}
	for _, p := range peers {
		a.Peers = append(a.Peers, *p)
	}
	slices.SortFunc(a.Peers, func(a, b peer.AddrInfo) int { return strings.Compare(string(a.ID), string(b.ID)) })
	if len(a.Peers) == 0 {
		return a, fmt.Errorf("ask seed %s: %w", host, ErrNothing)
	}
	return a, nil
}

// pointed returns the name that a record points to.
func pointed(value string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(value, pointer)
	name, _, _ = strings.Cut(rest, "/")
	return name, ok
}

// take adds the peer of a record to those known, and says whether it did.
func take(peers map[peer.ID]*peer.AddrInfo, value string) bool {
	if len(value) > maxRecord {
		return false
	}
	addr, err := multiaddr.NewMultiaddr(value)
	if err != nil {
		return false
	}
	info, err := peer.AddrInfoFromP2pAddr(addr)
	if err != nil || len(info.Addrs) == 0 {
		return false
	}
	known := peers[info.ID]
	if known == nil {
		if len(peers) >= maxPeers {
			return false
		}
		peers[info.ID] = info
		return true
	}
	if len(known.Addrs) >= maxAddrs || multiaddr.Contains(known.Addrs, info.Addrs[0]) {
		return false
	}
	known.Addrs = append(known.Addrs, info.Addrs[0])
	return true
}

// check reports a host that DNS cannot be asked for.
func check(host string) error {
	if len(host) == 0 || len(host) > 240 || strings.ContainsAny(host, "/ \t\x00:") || strings.Contains(host, "..") {
		return fmt.Errorf("seed %q is not a host name such as seed.example.org", host)
	}
	return nil
}
