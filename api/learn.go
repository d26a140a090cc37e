package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// learnt is what became of one imported entry.
type learnt struct {
	PeerID  string `json:"peerid,omitempty"`
	Outcome string `json:"outcome"`       // new, known or refused
	Why     string `json:"why,omitempty"` // refused
}

func (d *dispatcher) importAddresses(_ context.Context, a arguments) (any, error) {
	var entries []json.RawMessage
	if kindOf(a.values[0]) != "array" || json.Unmarshal(a.values[0], &entries) != nil {
		return nil, a.wrongType(0, "array")
	}
	if len(entries) > maxPage {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "%d entries, the limit is %d", len(entries), maxPage)
	}
	all := make([]learnt, 0, len(entries))
	for _, raw := range entries {
		all = append(all, d.learn(raw))
	}
	return all, nil
}

func (d *dispatcher) learn(raw json.RawMessage) learnt {
	p, err := parseEntry(raw)
	if err != nil {
		return learnt{Outcome: "refused", Why: printable(err.Error(), 200)}
	}
	l := learnt{PeerID: p.ID.String(), Outcome: "known"}
	switch isNew, err := d.Known.Learn(p); {
	case err != nil:
		l.Outcome, l.Why = "refused", printable(err.Error(), 200)
	case isNew:
		l.Outcome = "new"
	}
	return l
}

// parseEntry reads an entry as exportaddresses has it, or a multiaddr.
func parseEntry(raw json.RawMessage) (KnownPeer, error) {
	if len(raw) > maxLine {
		return KnownPeer{}, fmt.Errorf("an entry of %d characters, the limit is %d", len(raw), maxLine)
	}
	var text string
	if kindOf(raw) == "string" && json.Unmarshal(raw, &text) == nil {
		info, err := parseNode(text)
		if err != nil {
			return KnownPeer{}, err
		}
		return KnownPeer{ID: info.ID, Addrs: info.Addrs}, nil
	}
	var e bookEntry
	if kindOf(raw) != "object" {
		return KnownPeer{}, errors.New("neither an object nor a multiaddr")
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return KnownPeer{}, fmt.Errorf("not an entry: %w", err)
	}
	return e.known()
}

func (e bookEntry) known() (KnownPeer, error) {
	id, err := peer.Decode(e.PeerID)
	if err != nil {
		return KnownPeer{}, fmt.Errorf("peerid %s: %w", clip(e.PeerID), err)
	}
	p := KnownPeer{ID: id, Services: e.Services}
	if e.Seen > 0 {
		p.Seen = time.Unix(e.Seen, 0)
	}
	for _, s := range e.Addrs {
		m, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			return KnownPeer{}, fmt.Errorf("address %s: %w", clip(s), err)
		}
		p.Addrs = append(p.Addrs, m)
	}
	if e.Record != "" {
		if p.Record, err = base64.StdEncoding.DecodeString(e.Record); err != nil {
			return KnownPeer{}, fmt.Errorf("record: %w", err)
		}
	}
	return p, nil
}
