package events

// Reason is a stable code for why a peer was charged, refused or let go. It is
// a metric label, a log key and a field of the API: values are never renamed.
type Reason string

// The envelope could not be read.
const (
	WrongStartString Reason = "wrong_start_string" // another network's bytes
	UnknownCommand   Reason = "unknown_command"    // not a command of this protocol
	BadPadding       Reason = "bad_padding"        // command not NUL-padded ASCII
	Oversize         Reason = "oversize"           // announced size above the command's limit
	BadChecksum      Reason = "bad_checksum"
	Truncated        Reason = "truncated"      // the stream ended inside a message
	TrailingBytes    Reason = "trailing_bytes" // bytes after the message's last field
	Malformed        Reason = "malformed"      // a field that cannot be decoded
)

// The exchange did not keep to its contract.
const (
	BeforeStatus Reason = "before_status"  // a request before the status handshake
	StatusTwice  Reason = "status_twice"   // a second status on one connection
	NoStatus     Reason = "no_status"      // the dialling side never sent its status
	NoAnswer     Reason = "no_answer"      // silent past the first-byte deadline
	TooSlow      Reason = "too_slow"       // below the progress floor
	Busy         Reason = "busy"           // refused: too many requests at once
	TooMany      Reason = "too_many"       // more entries than the message may carry
	Unasked      Reason = "unasked"        // an answer to a question that was not put
	Disconnected Reason = "disconnected"   // the peer or the network closed the stream
	Unsupported  Reason = "unsupported"    // the peer does not speak the protocol
	Internal     Reason = "internal_error" // our own fault, never charged to the peer
)

// The status does not fit ours.
const (
	WrongGenesis   Reason = "wrong_genesis"
	WrongVersion   Reason = "wrong_version"
	SelfConnection Reason = "self_connection"
)

// Headers that no honest peer sends.
const (
	TooManyHeaders     Reason = "too_many_headers"
	UnconnectedHeaders Reason = "unconnected_headers" // first header's parent is unknown
	UnsortedHeaders    Reason = "unsorted_headers"    // a header is not its predecessor's child
	BadProofOfWork     Reason = "bad_proof_of_work"
	InvalidHeader      Reason = "invalid_header" // difficulty, time or version breaks consensus
	LowWorkHeaders     Reason = "low_work_headers"
	ChangedHeaders     Reason = "changed_headers" // second download differs from the first
)

// Blocks and block downloads.
const (
	WrongBlock   Reason = "wrong_block"   // not the block that was asked for
	MutatedBlock Reason = "mutated_block" // body does not match the honest header
	InvalidBlock Reason = "invalid_block" // breaks consensus under a valid header
	NotFound     Reason = "not_found"     // lacks a block that it said it had
	Stalled      Reason = "stalled"       // held the window back past the stall time-out
)

// Transactions that no honest peer sends.
const (
	InvalidTx  Reason = "invalid_tx"  // breaks consensus, whatever the chain
	WrongTx    Reason = "wrong_tx"    // not the transaction that was asked for
	OversizeTx Reason = "oversize_tx" // above what a standard transaction may weigh
)

// Why a transaction is not taken; an honest peer may have sent it.
const (
	NonstandardTx Reason = "nonstandard_tx" // breaks a rule of policy, not of consensus
	LowFeeTx      Reason = "low_fee_tx"     // below the mempool's current least fee rate
	ConflictTx    Reason = "conflict_tx"    // spends what another one, already taken, spends
	KnownTx       Reason = "known_tx"       // is here already
	MinedTx       Reason = "mined_tx"       // is in the chain already
	OrphanTx      Reason = "orphan_tx"      // spends an output that is unknown here
	StemFull      Reason = "stem_full"      // the edge's part of the stempool is full
	StemBudget    Reason = "stem_budget"    // the edge's budget for the moment is used up
)

// Why an address that was announced is left out; an honest peer may have passed it on.
const (
	AddrLimited Reason = "addr_limited" // above the peer's budget
	AddrUseless Reason = "addr_useless" // not signed by the peer it names, or nothing that may be dialled
)

// Why a link ended without anybody's fault.
const (
	Stopping   Reason = "stopping"    // our node is shutting down
	Requested  Reason = "requested"   // the operator asked for it
	RemoteLeft Reason = "remote_left" // the other side closed the connection
	Rotated    Reason = "rotated"     // the link made way for another
	Spare      Reason = "spare"       // it was a feeler, or came up when another had taken its place
	Evicted    Reason = "evicted"     // inbound slots were full, and the link was the least useful one
)
