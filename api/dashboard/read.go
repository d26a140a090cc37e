package dashboard

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// Read is the other way round from [Teller]: what a node's stream told, as the event it
// was, at the time it happened. Peers must be named by their ids. The event is nil for
// kinds that are nobody's but a devnet's.
func Read(kind string, data []byte) (time.Time, events.Event, error) {
	r := decoder{data: data}
	e := r.event(kind)
	if r.err != nil {
		return time.Time{}, nil, fmt.Errorf("read the event %.40q: %w", kind, r.err)
	}
	return time.UnixMilli(r.at), e, nil
}

// decoder decodes one event; the first error stays.
type decoder struct {
	data []byte
	at   int64
	err  error
}

func (r *decoder) event(kind string) events.Event {
	switch kind {
	case "peer_up":
		d := decoded[peerUp](r)
		return events.PeerUp{
			Peer: r.peer(d.Peer), Inbound: d.Inbound, Kind: events.LinkKind(d.Type),
			Origin: events.Origin{Source: events.Source(d.Source), Seed: d.Seed}, Agent: d.Agent, Height: d.Height,
		}
	case "peer_down":
		d := decoded[peerDown](r)
		return events.PeerDown{Peer: r.peer(d.Peer), Reason: events.Reason(d.Reason)}
	case "charged":
		d := decoded[peerDown](r)
		return events.Charged{Peer: r.peer(d.Peer), Reason: events.Reason(d.Reason)}
	case "banned":
		d := decoded[banned](r)
		return events.Banned{Subject: d.Subject, Reason: events.Reason(d.Reason), Until: time.UnixMilli(d.Until)}
	case "headers":
		d := decoded[headersAdded](r)
		return events.HeadersAdded{Height: d.Height, Hash: r.hash(d.Hash), Added: d.Added}
	case "block":
		d := decoded[blockDone](r)
		return events.BlockConnected{Height: d.Height, Hash: r.hash(d.Hash), Time: r.moment(d.Time), Bytes: d.Bytes, Txs: d.Txs}
	case "block_undone":
		d := decoded[blockUndone](r)
		return events.BlockDisconnected{Height: d.Height, Hash: r.hash(d.Hash)}
	case "sync_stalled":
		d := decoded[syncStalled](r)
		return events.SyncStalled{Peer: r.peer(d.Peer), Timeout: time.Duration(d.Timeout) * time.Millisecond}
	default:
		return r.ofTransaction(kind)
	}
}

func (r *decoder) ofTransaction(kind string) events.Event {
	switch kind {
	case "tx_accepted":
		d := decoded[txAccepted](r)
		return events.TxAccepted{Tx: r.hash(d.Txid), Bytes: d.Bytes}
	case "tx_refused":
		d := decoded[txRefused](r)
		e := events.TxRefused{Reason: events.Reason(d.Reason)}
		if d.Txid != "" { // it may be kept to itself
			e.Tx = r.hash(d.Txid)
		}
		return e
	case "tx_stemmed":
		d := decoded[txStemmed](r)
		return events.TxStemmed{Tx: r.hash(d.Txid), To: r.peer(d.To)}
	case "tx_heard":
		d := decoded[txHeard](r)
		e := events.TxHeard{From: r.peer(d.From), Txs: make([]chainhash.Hash, len(d.Txids)), Stem: d.Stem}
		for i, id := range d.Txids {
			e.Txs[i] = r.hash(id)
		}
		return e
	case "tx_fluffed":
		d := decoded[txFluffed](r)
		return events.TxFluffed{Tx: r.hash(d.Txid), Cause: d.Cause}
	default:
		return nil
	}
}

// stamped is data with its stamp.
type stamped interface{ stamp() Stamp }

func (s Stamp) stamp() Stamp { return s }

func decoded[D stamped](r *decoder) (d D) {
	r.note(json.Unmarshal(r.data, &d))
	r.at = d.stamp().At
	return d
}

func (r *decoder) peer(id string) peer.ID {
	p, err := peer.Decode(id)
	r.note(err)
	return p
}

func (r *decoder) hash(text string) chainhash.Hash {
	if len(text) != 2*chainhash.HashSize {
		r.note(fmt.Errorf("a hash of %d characters", len(text)))
		return chainhash.Hash{}
	}
	h, err := chainhash.NewHashFromStr(text)
	if err != nil {
		r.note(err)
		return chainhash.Hash{}
	}
	return *h
}

func (r *decoder) moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	r.note(err)
	return t.UTC()
}

func (r *decoder) note(err error) {
	if r.err == nil {
		r.err = err
	}
}
