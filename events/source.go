package events

// Source says how the node came to know the peer of a link. The values are log keys and
// fields of the API, and never renamed.
type Source string

// The sources.
const (
	FromBook     Source = "book"     // the address book had it when the node was started
	FromAnchor   Source = "anchor"   // there was a link for blocks alone to it before the last stop
	FromSeed     Source = "dns"      // a DNS seed named it
	FromFixed    Source = "fixed"    // it is built into the program
	FromPeers    Source = "peers"    // another peer has told of it, or it has told of itself
	FromOperator Source = "operator" // named while the node runs, or imported
	FromConnect  Source = "connect"  // named by --connect
	FromAddNode  Source = "addnode"  // named by --addnode
	FromThem     Source = "inbound"  // it has dialled
)

// Origin is a source with what it needs to be found again.
type Origin struct {
	Source Source
	Seed   string // the name, of [FromSeed]
}

// String writes an origin in one word: book, or dns:seed.example.org.
func (o Origin) String() string {
	if o.Seed != "" {
		return string(o.Source) + ":" + o.Seed
	}
	return string(o.Source)
}
