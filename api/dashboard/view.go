package dashboard

import "context"

// View is what the page looks at: a node as it sees itself and its peers, or a whole
// devnet. It is safe for concurrent use.
type View interface {
	Info() Info
	Network(ctx context.Context) (Network, error)
	// Node returns a node by its name; the name may be empty if there is one.
	Node(name string) (Node, bool)
}

// Node is one node in full.
type Node interface {
	Public
	Private
}

// Public is what whoever may read is told of a node.
type Public interface {
	State(ctx context.Context) (State, error)
	Peers(ctx context.Context) ([]Peer, error)
	// Blocks returns those of the main chain, the tip first.
	Blocks(ctx context.Context, count int) ([]Block, error)
	// Mempool returns transactions, the youngest first.
	Mempool(ctx context.Context, count int) (Mempool, error)
	Addresses(ctx context.Context, count int) (Addresses, error)
}

// Private is for whoever holds the password of a node.
type Private interface {
	// Own returns the operator's own transactions, the last submitted first.
	Own(ctx context.Context) ([]Own, error)
	// Logs returns the last lines of the log, the oldest first.
	Logs(ctx context.Context, count int) ([]Line, error)
}

// Times in what follows are Unix milliseconds, 0 if they have not come; hashes are as
// bitcoind prints them.

// Info is what there is to look at.
type Info struct {
	Kind    string `json:"kind"` // "node" or "devnet"
	Network string `json:"network"`
	Version string `json:"version"`
	Agent   string `json:"agent"`
	Started int64  `json:"started_ms"`
	// Writable says whether the request's sender may act. The handler fills it.
	Writable bool   `json:"writable"`
	Nodes    []Name `json:"nodes"`
}

// Name is a node's name and its peer id; of a real node both are the id.
type Name struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// The states of a node in the picture.
const (
	Up      = "up"
	Syncing = "syncing"
	Down    = "down" // killed, or no link to it any more
	Seen    = "seen" // only heard of
)

// Network is the picture: who is there and who is linked with whom.
type Network struct {
	Nodes []Dot  `json:"nodes"`
	Links []Edge `json:"links"`
}

// Dot is a node in the picture.
type Dot struct {
	Name     string  `json:"name"`
	ID       string  `json:"id"`
	Self     bool    `json:"self"`
	State    string  `json:"state"`
	Height   int32   `json:"height"`
	Headers  int32   `json:"headers"`
	Peers    int     `json:"peers"`
	Mempool  int     `json:"mempool"`
	Spy      bool    `json:"spy"`
	Group    int     `json:"group"` // of a partition, from 0
	Progress float64 `json:"syncing_progress"`
}

// Edge is a link: From has dialled To.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// InboundKnown says whether both ends were asked.
	InboundKnown bool   `json:"inbound_known"`
	Kind         string `json:"kind"` // full, block, added or inbound, as its end sees it that was asked
	Since        int64  `json:"since_ms"`
	Stem         bool   `json:"stem"` // From hands stems to To in this epoch; of a devnet only
}

// State is how a node is.
type State struct {
	Name      string       `json:"name"`
	ID        string       `json:"id"`
	State     string       `json:"state"`
	Chain     ChainState   `json:"chain"`
	Mempool   MempoolState `json:"mempool"`
	Resources Resources    `json:"resources"`
	Traffic   Traffic      `json:"traffic"`
}

// ChainState is how far a node has come.
type ChainState struct {
	Height   int32   `json:"height"`
	Headers  int32   `json:"headers"`
	BestHash string  `json:"best_hash"`
	BestTime string  `json:"best_time"` // of the header, RFC 3339
	Work     string  `json:"work"`      // 64 hexadecimal digits
	Progress float64 `json:"progress"`  // 0..1
	Rate     float64 `json:"rate_blocks_s"`
	ETA      float64 `json:"eta_s"` // 0 = in step, or nobody knows
}

// MempoolState is what waits for a block.
type MempoolState struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
	// StemCount is how many transactions are in their stem here; of a devnet only.
	StemCount int `json:"stempool_count"`
}

// Resources is what the process takes. Nodes of a devnet in one process share all but
// the disk.
type Resources struct {
	RSS        int64   `json:"rss_bytes"`
	Heap       int64   `json:"heap_bytes"`
	Goroutines int     `json:"goroutines"`
	Files      int     `json:"fds"`
	CPU        float64 `json:"cpu_seconds"`
	Disk       int64   `json:"disk_bytes"`
}

// Traffic is what went over the node's links since it started.
type Traffic struct {
	In  int64 `json:"in_bytes"`
	Out int64 `json:"out_bytes"`
}

// Peer is a linked peer.
type Peer struct {
	ID      string   `json:"id"`
	Name    string   `json:"name,omitempty"` // of a devnet's node
	Addr    string   `json:"addr"`
	Inbound bool     `json:"inbound"`
	Kind    string   `json:"kind"`
	Source  string   `json:"source"` // how the node came to know it: an origin in one word; "" = not known
	Agent   string   `json:"agent"`
	Height  int32    `json:"height"`
	Ping    float64  `json:"ping_ms"` // 0 = not known
	Since   int64    `json:"since_ms"`
	In      int64    `json:"in_bytes"`
	Out     int64    `json:"out_bytes"`
	Score   float64  `json:"score"` // points held against it
	Why     []Charge `json:"why"`
}

// Charge is a rule that a peer broke.
type Charge struct {
	When   int64  `json:"when_ms"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Block is one of the main chain.
type Block struct {
	Height int32  `json:"height"`
	Hash   string `json:"hash"`
	Time   string `json:"time"` // RFC 3339
	Txs    int    `json:"txs"`
	Bytes  int    `json:"bytes"`
}

// Mempool is what waits for a block, or the youngest of it.
type Mempool struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"` // virtual
	Txs   []Tx  `json:"txs"`
}

// Tx is a transaction of the mempool.
type Tx struct {
	Txid  string `json:"txid"`
	Bytes int    `json:"bytes"`
	Fee   int64  `json:"fee"` // satoshi
	Time  int64  `json:"time_ms"`
}

// Addresses is the address book, with a sample of it.
type Addresses struct {
	Tried  int       `json:"tried"`
	New    int       `json:"new"`
	Groups int       `json:"groups"`
	Sample []Address `json:"sample"`
}

// Address is an entry of the address book.
type Address struct {
	Addr    string `json:"addr"`
	ID      string `json:"id"`
	Source  string `json:"source"`
	Success int64  `json:"last_success_ms"`
	Tried   bool   `json:"tried"`
}

// Own is the life of a transaction of the operator's.
type Own struct {
	Txid  string `json:"txid"`
	State string `json:"state"`
	Since int64  `json:"since_ms"`
	Steps []Step `json:"steps"`
}

// Step is one thing that happened to it.
type Step struct {
	When int64  `json:"when_ms"`
	What string `json:"what"`
}

// Line is a line of the log.
type Line struct {
	When  int64             `json:"when_ms"`
	Level string            `json:"level"`
	Msg   string            `json:"msg"`
	Attrs map[string]string `json:"attrs"`
}
