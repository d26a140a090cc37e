package member

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// keptLines is how much of a node's log is shown when it fails.
const keptLines = 15

// maxLine bounds one line of the log: an inventory of 1,024 ids of 64 digits fits.
const maxLine = 1 << 17

// maxSightings bounds what is kept of a transaction: the first are the ones that tell.
const maxSightings = 16

// Sighting is that a peer brought a transaction, or announced it.
type Sighting struct {
	Tx   string
	Peer string // its id
	At   time.Time
	Stem bool // in its stem
}

// Diary is what a node's log has told. It is safe for concurrent use.
type Diary struct {
	mu       sync.Mutex
	rest     []byte // of a line that is not complete
	ready    bool
	accepted map[string]time.Time // transactions, when they came into the mempool
	heard    []Sighting
	times    map[string]int       // how many of a transaction are in heard
	blocks   map[string]time.Time // when each was last connected
	last     []string
}

// NewDiary returns an empty one.
func NewDiary() *Diary {
	return &Diary{accepted: make(map[string]time.Time), times: make(map[string]int), blocks: make(map[string]time.Time)}
}

// Write implements io.Writer: it takes the log as it is written.
func (d *Diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rest = append(d.rest, p...)
	for {
		line, rest, complete := bytes.Cut(d.rest, []byte("\n"))
		if !complete {
			break
		}
		d.note(line)
		d.rest = rest
	}
	if len(d.rest) > maxLine {
		d.rest = nil
	}
	return len(p), nil
}

func (d *Diary) note(text []byte) {
	d.last = append(d.last, string(text))
	if len(d.last) > keptLines {
		d.last = d.last[1:]
	}
	l, err := parseLine(text)
	if err != nil {
		return
	}
	switch l.Msg {
	case readyMessage:
		d.ready = true
	case acceptedMessage:
		d.accepted[l.Tx] = l.Time
	case blockMessage:
		d.blocks[l.Hash] = l.Time
	case heardMessage:
		for _, tx := range l.IDs {
			if d.times[tx] < maxSightings {
				d.times[tx]++
				d.heard = append(d.heard, Sighting{tx, l.Peer, l.Time, l.Stem})
			}
		}
	}
}

// starts forgets that the node was ready: it starts again.
func (d *Diary) starts() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = false
}

func (d *Diary) isReady() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ready
}

// Accepted returns when a transaction came into the mempool.
func (d *Diary) Accepted(tx string) (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.accepted[tx]
	return at, ok
}

// Connected returns when a block was connected.
func (d *Diary) Connected(block string) (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.blocks[block]
	return at, ok
}

// Heard returns who brought which transaction, in the order of the log.
func (d *Diary) Heard() []Sighting {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.heard)
}

// Tail returns the last lines.
func (d *Diary) Tail() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.last)
}
