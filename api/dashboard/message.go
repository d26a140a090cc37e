package dashboard

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// Kinds returns the kinds of events that there are, those of a devnet last.
func Kinds() []string {
	return []string{
		"peer_up", "peer_down", "charged", "banned", "headers", "block", "block_undone", "sync_stalled",
		"tx_accepted", "tx_refused", "tx_stemmed", "tx_heard", "tx_fluffed",
		"node_added", "node_removed", "node_killed", "node_restarted", "partitioned", "healed", "spy", "tx_sent", "tx_mined",
	}
}

// Stamp is what all events have.
type Stamp struct {
	At   int64  `json:"at_ms"`
	Node string `json:"node,omitempty"` // of a devnet
}

// The data of events: each type is one kind.
type (
	peerUp struct {
		Stamp
		Peer    string `json:"peer"`
		Inbound bool   `json:"inbound"`
		Type    string `json:"connection_type"`
		Source  string `json:"source"`
		Seed    string `json:"seed,omitempty"`
		Agent   string `json:"agent"`
		Height  int32  `json:"height"`
	}
	peerDown struct {
		Stamp
		Peer   string `json:"peer"`
		Reason string `json:"reason"`
	}
	banned struct {
		Stamp
		Subject string `json:"subject"`
		Reason  string `json:"reason"`
		Until   int64  `json:"until_ms"`
	}
	headersAdded struct {
		Stamp
		Height int32  `json:"height"`
		Hash   string `json:"hash"`
		Added  int    `json:"added"`
	}
	blockDone struct {
		Stamp
		Height int32  `json:"height"`
		Hash   string `json:"hash"`
		Time   string `json:"time"`
		Bytes  int    `json:"bytes"`
		Txs    int    `json:"txs"`
	}
	blockUndone struct {
		Stamp
		Height int32  `json:"height"`
		Hash   string `json:"hash"`
	}
	syncStalled struct {
		Stamp
		Peer    string `json:"peer"`
		Timeout int64  `json:"timeout_ms"`
	}
	txAccepted struct {
		Stamp
		Txid  string `json:"txid"`
		Bytes int    `json:"bytes"`
	}
	txRefused struct {
		Stamp
		Txid   string `json:"txid,omitempty"`
		Reason string `json:"reason"`
	}
	txStemmed struct {
		Stamp
		Txid string `json:"txid"`
		To   string `json:"to"`
	}
	txHeard struct {
		Stamp
		From  string   `json:"from"`
		Txids []string `json:"txids"`
		Stem  bool     `json:"stem"`
	}
	txFluffed struct {
		Stamp
		Txid  string `json:"txid"`
		Cause string `json:"cause"`
	}
)

// Teller says how events are told.
type Teller struct {
	Node string // whose they are; empty if there is one node
	// Traced tells how transactions travel in their stems, which a real node never does
	// (mechanism 3).
	Traced bool
	// Peer names a peer; nil = by its id.
	Peer func(peer.ID) string
}

// Tell publishes an event, unless it is not to be told.
func (t Teller) Tell(f *Feed, now time.Time, e events.Event) {
	if kind, data := t.message(Stamp{now.UnixMilli(), t.Node}, e); data != nil {
		f.Publish(kind, data)
	}
}

func (t Teller) message(at Stamp, e events.Event) (kind string, data any) {
	switch e := e.(type) {
	case events.PeerUp:
		return "peer_up", peerUp{at, t.peer(e.Peer), e.Inbound, string(e.Kind), string(e.Origin.Source), e.Origin.Seed, e.Agent, e.Height}
	case events.PeerDown:
		return "peer_down", peerDown{at, t.peer(e.Peer), string(e.Reason)}
	case events.Charged:
		return "charged", peerDown{at, t.peer(e.Peer), string(e.Reason)}
	case events.Banned:
		return "banned", banned{at, e.Subject, string(e.Reason), e.Until.UnixMilli()}
	case events.HeadersAdded:
		return "headers", headersAdded{at, e.Height, e.Hash.String(), e.Added}
	case events.BlockConnected:
		return "block", blockDone{at, e.Height, e.Hash.String(), e.Time.UTC().Format(time.RFC3339), e.Bytes, e.Txs}
	case events.BlockDisconnected:
		return "block_undone", blockUndone{at, e.Height, e.Hash.String()}
	case events.SyncStalled:
		return "sync_stalled", syncStalled{at, t.peer(e.Peer), e.Timeout.Milliseconds()}
	default:
		return t.ofTransaction(at, e)
	}
}

// ofTransaction keeps to itself what tells of a stem, unless it may: that there was one,
// and where it went or ended.
func (t Teller) ofTransaction(at Stamp, e events.Event) (kind string, data any) {
	switch e := e.(type) {
	case events.TxAccepted:
		return "tx_accepted", txAccepted{at, e.Tx.String(), e.Bytes}
	case events.TxRefused:
		told := txRefused{Stamp: at, Reason: string(e.Reason)}
		if t.Traced { // it may have come in its stem
			told.Txid = e.Tx.String()
		}
		return "tx_refused", told
	}
	if !t.Traced {
		return "", nil
	}
	switch e := e.(type) {
	case events.TxStemmed:
		return "tx_stemmed", txStemmed{at, e.Tx.String(), t.peer(e.To)}
	case events.TxHeard:
		return "tx_heard", txHeard{at, t.peer(e.From), Hashes(e.Txs), e.Stem}
	case events.TxFluffed:
		return "tx_fluffed", txFluffed{at, e.Tx.String(), e.Cause}
	}
	return "", nil
}

func (t Teller) peer(p peer.ID) string {
	if t.Peer == nil {
		return p.String()
	}
	return t.Peer(p)
}

// Hashes writes hashes as bitcoind prints them.
func Hashes(all []chainhash.Hash) []string {
	text := make([]string, len(all))
	for i, h := range all {
		text[i] = h.String()
	}
	return text
}
