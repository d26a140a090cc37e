package events

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Event is one thing that happened. The set is closed: only this package
// defines events.
type Event interface{ event() }

// PeerUp says that a peer has completed the status handshake.
type PeerUp struct {
	Peer    peer.ID
	Inbound bool
	Kind    LinkKind
	Origin  Origin // which source has filled the slot
	Agent   string // as sent, at most 256 bytes, not to be trusted
	Height  int32  // as claimed, not to be trusted
}

// PeerDown says that the last connection to a peer that was up has ended.
type PeerDown struct {
	Peer   peer.ID
	Reason Reason
}

// Charged says that a peer broke a rule.
type Charged struct {
	Peer   peer.ID
	Reason Reason
	Err    error // the particulars, for the log
}

// Banned says that a peer, a host or a subnet is kept out.
type Banned struct {
	Subject string // a peer id, an address or a net
	Reason  Reason
	Until   time.Time
}

// AddressesHeard says what became of the addresses in one of a peer's announcements.
type AddressesHeard struct {
	From    peer.ID
	Taken   int
	Limited int // left out for [AddrLimited]
	Useless int // left out for [AddrUseless]
}

// HeadersAdded says that the header index has grown or its best chain changed.
type HeadersAdded struct {
	Height int32 // of the best header
	Hash   chainhash.Hash
	Added  int
}

// BlockConnected says that a block is validated and the new tip.
type BlockConnected struct {
	Height int32
	Hash   chainhash.Hash
	Time   time.Time // of the header
	Bytes  int
	Txs    int
}

// BlockDisconnected says that a reorganisation took a block off the main chain.
type BlockDisconnected struct {
	Height int32
	Hash   chainhash.Hash
}

// SyncStalled says that a peer held back the download window for longer than
// the current stall time-out.
type SyncStalled struct {
	Peer    peer.ID
	Timeout time.Duration
}

// TxAccepted says that a transaction is in the mempool now, whoever sent it.
type TxAccepted struct {
	Tx    chainhash.Hash
	Bytes int
}

// TxRefused says that a transaction was not taken.
type TxRefused struct {
	Tx     chainhash.Hash
	Reason Reason
}

// TxHeard says that a peer has brought transactions that were not in the mempool, or
// announced them, in one message. Like [TxStemmed] it tells how transactions travel: its
// readers keep it in the process and above debug level to themselves (mechanism 3).
type TxHeard struct {
	From peer.ID
	Txs  []chainhash.Hash // not to be changed
	Stem bool             // brought in their stem
}

// TxStemmed says that a transaction was handed on in its stem. Together with
// the peer it tells where a transaction goes: its readers keep it in the process
// and above debug level to themselves (mechanism 3).
type TxStemmed struct {
	Tx chainhash.Hash
	To peer.ID
}

// TxFluffed says that this node ended a transaction's stem.
type TxFluffed struct {
	Tx    chainhash.Hash
	Cause string // diffuser, chosen, loop, embargo or no_peer
}

func (PeerUp) event()            {}
func (PeerDown) event()          {}
func (Charged) event()           {}
func (Banned) event()            {}
func (AddressesHeard) event()    {}
func (HeadersAdded) event()      {}
func (BlockConnected) event()    {}
func (BlockDisconnected) event() {}
func (SyncStalled) event()       {}
func (TxHeard) event()           {}
func (TxAccepted) event()        {}
func (TxRefused) event()         {}
func (TxStemmed) event()         {}
func (TxFluffed) event()         {}
