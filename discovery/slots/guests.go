package slots

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Enter says which links make way now that a newcomer is through its handshake: none
// while there is room, which is for guests beside the slots. With room for neither, that
// of a netgroup which weighs more than the newcomer's, else the newcomer. links has all,
// the newcomer among them.
func (d *Door) Enter(now time.Time, newcomer peer.ID, links []Inbound) []peer.ID {
	var drop []peer.ID
	left := slices.Clone(links)
	for len(left) > d.room() {
		victim, found := d.crowded(now, newcomer, left)
		if !found {
			break // the operator named all of them
		}
		if victim.Peer != newcomer || d.heavy(now, victim, left) {
			d.caller(victim.Group).turned.add(now, d.cfg.Grudge)
		}
		drop = append(drop, victim.Peer)
		left = slices.DeleteFunc(left, func(l Inbound) bool { return l.Peer == victim.Peer })
	}
	return drop
}

// heavy says whether a link's netgroup has another one, or was turned away lately.
func (d *Door) heavy(now time.Time, l Inbound, links []Inbound) bool {
	return d.weights(now, links)[l.Group] > 1
}

// crowded names one of too many links.
func (d *Door) crowded(now time.Time, newcomer peer.ID, links []Inbound) (Inbound, bool) {
	weights := d.weights(now, links)
	own, others, there := part(links, newcomer)
	victim, found := d.evict(others, weights)
	switch {
	case !there || own.Named:
		return victim, found
	case !found || weights[own.Group] >= weights[victim.Group]:
		return own, true
	}
	return victim, true
}

// Stayed says which link makes way, if there are more than slots, now that a guest has
// been linked for a Stay. A guest comes in when the slots are full: whoever is new to the
// network knows of nobody else before it has asked somebody for addresses, and nobody
// else can tell it of those that have room. What it gets is the time to ask; whether it
// stays is decided then. That is as in Bitcoin Core, where the link of a newcomer
// makes way for the next one, but that Core gives it no time.
//
// Another link than the guest's makes way, but for those that are guests themselves and
// weigh no more, unless the guest's netgroup is the one that weighs most or all others stay.
func (d *Door) Stayed(now time.Time, guest peer.ID, links []Inbound) (peer.ID, bool) {
	own, others, there := part(links, guest)
	if !there || len(links) <= d.cfg.Slots {
		return "", false
	}
	weights := d.weights(now, links)
	others = slices.DeleteFunc(others, func(l Inbound) bool {
		return now.Sub(l.Since) < d.cfg.Stay && weights[l.Group] <= weights[own.Group]
	})
	victim, found := d.evict(others, weights)
	if !own.Named && (!found || own.Group == victim.Group || weights[own.Group] > weights[victim.Group]) {
		victim, found = own, true
	}
	if found {
		d.caller(victim.Group).turned.add(now, d.cfg.Grudge)
	}
	return victim.Peer, found
}

// part takes one link out of all.
func part(links []Inbound, p peer.ID) (own Inbound, others []Inbound, there bool) {
	others = make([]Inbound, 0, len(links))
	for _, l := range links {
		if l.Peer == p {
			own, there = l, true
		} else {
			others = append(others, l)
		}
	}
	return own, others, there
}
