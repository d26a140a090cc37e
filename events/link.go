package events

// LinkKind says what a link is for. The values are Bitcoin Core's connection types; they
// are log keys and fields of the API, and never renamed.
type LinkKind string

// The kinds of links.
const (
	Inbound    LinkKind = "inbound"             // the peer has dialled
	FullRelay  LinkKind = "outbound-full-relay" // the node's own choice
	BlockRelay LinkKind = "block-relay-only"    // its own choice, no transactions and no addresses
	Manual     LinkKind = "manual"              // the operator named the peer
	Feeler     LinkKind = "feeler"              // to see whether it is up, and gone at once
)

// Transactions says whether a link of this kind carries transactions.
func (k LinkKind) Transactions() bool { return k != BlockRelay && k != Feeler }
