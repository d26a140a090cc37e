package journal

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// State is how far a transaction has come.
type State string

// The states there are.
const (
	Waiting State = "waiting" // for a peer to hand it to
	Stemmed State = "stemmed" // handed on; its embargo runs
	Fluffed State = "fluffed" // in the mempool, spreading
	Seen    State = "seen"    // a peer has shown it to us
	Mined   State = "mined"
	Dropped State = "dropped"
)

// Entry is the life of one transaction.
type Entry struct {
	Tx        chainhash.Hash
	Raw       []byte
	State     State
	Submitted time.Time

	Stems   []time.Time // when it was handed to a peer, each time
	Embargo time.Time   // when this node fluffs it if nobody has; zero = none runs or ran

	Fluffed   time.Time
	FluffedBy string // others, or why this node did: embargo, loop, no_peer, broadcast

	FirstSeen, LastSeen time.Time
	Peers, Groups       int // that have shown it, each counted once; at most maxCounted

	Block   chainhash.Hash
	Height  int32
	Mined   time.Time
	Unmined int // how often its block left the main chain

	DroppedAt time.Time
	Why       string // it was dropped: a reason code, why it left the mempool, or "aborted"

	seenPeers, seenGroups distinct
}

// record is an Entry on disk.
type record struct {
	Version   int
	Raw       string
	State     State
	Submitted time.Time
	Stems     []time.Time `json:",omitempty"`
	Embargo   time.Time   `json:",omitzero"`
	Fluffed   time.Time   `json:",omitzero"`
	FluffedBy string      `json:",omitempty"`
	FirstSeen time.Time   `json:",omitzero"`
	LastSeen  time.Time   `json:",omitzero"`
	Peers     int         `json:",omitempty"`
	Groups    int         `json:",omitempty"`
	Block     string      `json:",omitempty"`
	Height    int32       `json:",omitempty"`
	Mined     time.Time   `json:",omitzero"`
	Unmined   int         `json:",omitempty"`
	DroppedAt time.Time   `json:",omitzero"`
	Why       string      `json:",omitempty"`
}

const recordVersion = 1

var errRecord = errors.New("not a record of this version")

func (e *Entry) encode() ([]byte, error) {
	r := record{
		Version: recordVersion, Raw: hex.EncodeToString(e.Raw), State: e.State, Submitted: e.Submitted, Stems: e.Stems,
		Embargo: e.Embargo, Fluffed: e.Fluffed, FluffedBy: e.FluffedBy, FirstSeen: e.FirstSeen, LastSeen: e.LastSeen,
		Peers: e.Peers, Groups: e.Groups, Height: e.Height, Mined: e.Mined, Unmined: e.Unmined, DroppedAt: e.DroppedAt, Why: e.Why,
	}
	if e.State == Mined {
		r.Block = e.Block.String()
	}
	return json.Marshal(r)
}

func decode(value []byte) (*Entry, error) {
	var r record
	if err := json.Unmarshal(value, &r); err != nil {
		return nil, err
	}
	if r.Version != recordVersion {
		return nil, fmt.Errorf("%w: version %d", errRecord, r.Version)
	}
	raw, err := hex.DecodeString(r.Raw)
	if err != nil {
		return nil, err
	}
	tx, err := btcutil.NewTxFromBytes(raw)
	if err != nil {
		return nil, err
	}
	if n := tx.MsgTx().SerializeSize(); n != len(raw) {
		return nil, fmt.Errorf("%w: %d bytes after the transaction", errRecord, len(raw)-n)
	}
	switch r.State {
	case Waiting, Stemmed, Fluffed, Seen, Mined, Dropped:
	default:
		return nil, fmt.Errorf("%w: state %q", errRecord, r.State)
	}
	if len(r.Stems) > maxStems || min(r.Peers, r.Groups, r.Unmined) < 0 || max(r.Peers, r.Groups) > maxCounted {
		return nil, fmt.Errorf("%w: %d stems, %d peers, %d groups", errRecord, len(r.Stems), r.Peers, r.Groups)
	}
	e := &Entry{
		Tx: *tx.Hash(), Raw: raw, State: r.State, Submitted: r.Submitted, Stems: r.Stems, Embargo: r.Embargo,
		Fluffed: r.Fluffed, FluffedBy: r.FluffedBy, FirstSeen: r.FirstSeen, LastSeen: r.LastSeen, Peers: r.Peers, Groups: r.Groups,
		Height: r.Height, Mined: r.Mined, Unmined: r.Unmined, DroppedAt: r.DroppedAt, Why: r.Why,
	}
	if r.Block != "" {
		hash, err := chainhash.NewHashFromStr(r.Block)
		if err != nil {
			return nil, err
		}
		e.Block = *hash
	}
	return e, nil
}

func (e *Entry) copy() Entry {
	c := *e
	c.Stems = slices.Clone(e.Stems)
	c.seenPeers, c.seenGroups = nil, nil
	return c
}
