package api

import "github.com/multiformats/go-multiaddr"

// Reach is how others reach a node.
type Reach struct {
	Verdict string   // reachable, unreachable or unknown
	Reasons []string // the weightiest first
	Addrs   []OwnAddr
}

// OwnAddr is an address that the node may be reached at.
type OwnAddr struct {
	Addr   multiaddr.Multiaddr
	Source string // external: the operator named it; observed: peers see it there
	State  string // reachable, unreachable or unknown, by dialling back
}

// reachResult is how others reach the node.
type reachResult struct {
	Verdict   string       `json:"verdict"`
	Reasons   []string     `json:"reasons"`
	Addresses []ownAddress `json:"addresses"`
}

type ownAddress struct {
	Address string `json:"address"`
	Source  string `json:"source"`
	State   string `json:"state"`
}

func describeReach(r Reach) reachResult {
	out := reachResult{Verdict: r.Verdict, Reasons: append([]string{}, r.Reasons...), Addresses: []ownAddress{}}
	for _, a := range r.Addrs {
		out.Addresses = append(out.Addresses, ownAddress{a.Addr.String(), a.Source, a.State})
	}
	return out
}

// The scores of localaddresses. Source: Bitcoin Core's net.h: LOCAL_BIND, LOCAL_MAPPED
// and LOCAL_MANUAL.
const (
	scoreBound     = 2
	scoreConfirmed = 3
	scoreManual    = 4
)

// localScore says how far an address of the node's own is to be trusted.
func localScore(addr multiaddr.Multiaddr, r Reach) int32 {
	score := int32(scoreBound)
	for _, own := range r.Addrs {
		switch {
		case !own.Addr.Equal(addr):
		case own.Source == "external":
			return scoreManual
		case own.State == "reachable":
			score = scoreConfirmed
		}
	}
	return score
}
