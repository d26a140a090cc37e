package member

import (
	"encoding/json"
	"errors"
	"time"
)

// Line is one line of a node's log.
type Line struct {
	Time time.Time `json:"time"`
	Msg  string    `json:"msg"`

	Tx   string   `json:"tx"`
	IDs  []string `json:"ids"` // of transactions
	Peer string   `json:"peer"`
	Stem bool     `json:"stem"`
	Hash string   `json:"hash"` // of a block
}

// Messages of the log that matter here. Source: node's logbook.
const (
	readyMessage    = "node is ready"
	acceptedMessage = "transaction accepted"
	heardMessage    = "transactions heard of"
	blockMessage    = "block connected"
)

var errNoLine = errors.New("not a line of a node's log")

// parseLine reads a line. A program also writes what is none: a panic, for example.
func parseLine(text []byte) (Line, error) {
	var l Line
	if err := json.Unmarshal(text, &l); err != nil || l.Msg == "" || l.Time.IsZero() {
		return Line{}, errNoLine
	}
	return l, nil
}
