package node

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
)

// parseSubject reads whom the API means.
func parseSubject(text string) (reputation.Subject, error) {
	s, err := reputation.ParseSubject(text)
	if err != nil {
		return s, fmt.Errorf("%w: %w", api.ErrBadSubject, err)
	}
	return s, nil
}

// Ban implements api.Bans. A peer that the operator named stays linked when its net is
// banned: whoever means it says so.
func (b backend) Ban(subject string, until time.Time) error {
	s, err := parseSubject(subject)
	if err != nil {
		return err
	}
	if err := b.node.gater.ban(s, until); err != nil {
		return err
	}
	b.node.bus.Emit(events.Banned{Subject: s.String(), Reason: events.Requested, Until: until})
	if s.Peer != "" {
		b.node.peers.disconnect(s.Peer, events.Requested)
	} else {
		b.node.expel(s, events.Requested)
	}
	return b.node.saveBans(context.Background(), b.node.store.View("bans")) // to the end: the operator relies on it
}

// Unban implements api.Bans.
func (b backend) Unban(subject string) (bool, error) {
	s, err := parseSubject(subject)
	if err != nil {
		return false, err
	}
	was := b.node.gater.unban(s)
	return was, b.node.saveBans(context.Background(), b.node.store.View("bans")) // to the end: the operator relies on it
}

// Bans implements api.Bans.
func (b backend) Bans() []api.Ban {
	bans := b.node.gater.bans()
	all := make([]api.Ban, len(bans))
	for i, ban := range bans {
		all[i] = banOf(ban)
	}
	return all
}

func banOf(b reputation.Ban) api.Ban {
	return api.Ban{Subject: b.String(), From: b.From, Until: b.Until, Reason: string(b.Reason), Manual: b.Manual}
}

// Standing implements api.Bans. What an address of IPv6 has done is held against its /64.
func (b backend) Standing(subject string) (api.Standing, error) {
	s, err := parseSubject(subject)
	if err != nil {
		return api.Standing{}, err
	}
	account, limit := b.node.gater.why(s)
	if s.Net.IsSingleIP() && len(account.Charges) == 0 {
		host, _ := b.node.gater.why(reputation.OfHost(s.Net.Addr()))
		account.Points, account.Charges = host.Points, host.Charges
	}
	out := api.Standing{Subject: s.String(), Points: account.Points, Limit: limit}
	for _, c := range account.Charges {
		out.Charges = append(out.Charges, api.Charge{At: c.At, Reason: string(c.Reason), Points: c.Points})
	}
	if account.Ban != nil {
		ban := banOf(*account.Ban)
		out.Ban = &ban
	}
	if s.Peer != "" {
		out.Named = b.node.keeper.keeps(s.Peer)
		out.Connected = b.node.host.Network().Connectedness(s.Peer) == network.Connected
		out.Protected = b.node.doorman.protects(s.Peer)
		out.Left = b.node.peers.departure(s.Peer)
	}
	return out, nil
}
