package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// maxDepth is how deep arrays and objects may nest. A batch of calls with an
	// option object is 4 deep; each level costs the decoder a stack frame.
	maxDepth = 16
	// maxNumber is the longest number in characters: 19 digits of an int64, or a
	// float64's 24, and room. Longer ones only cost time to convert.
	maxNumber = 32
)

var (
	errTooDeep   = fmt.Errorf("JSON is nested more than %d deep", maxDepth)
	errNumber    = fmt.Errorf("JSON number has more than %d characters", maxNumber)
	errTwice     = errors.New("JSON object has a key twice")
	errTrailing  = errors.New("there are bytes after the JSON value")
	errEmptyBody = errors.New("there is no JSON value")
)

// wellFormed checks that the body is exactly one JSON value, flat enough, with
// sane numbers and no key twice in one object: two readers of such an object
// may see different calls. It decodes without recursion, so that depth costs
// nothing before it is refused.
func wellFormed(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errEmptyBody
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open nesting
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if err := open.take(t); err != nil {
			return err
		}
		if len(open) == 0 {
			break
		}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// nesting is the arrays and objects that a token lies in, outermost first.
type nesting []level

type level struct {
	keys  map[string]struct{} // nil: an array
	value bool                // the next token is a value, not a key
}

func (n *nesting) take(t json.Token) error {
	switch t := t.(type) {
	case json.Delim:
		return n.delimit(t)
	case json.Number:
		if len(t) > maxNumber {
			return errNumber
		}
	case string:
		if isKey, err := n.key(t); isKey || err != nil {
			return err
		}
	}
	n.filled()
	return nil
}

func (n *nesting) delimit(d json.Delim) error {
	switch d {
	case '{', '[':
		if len(*n) == maxDepth {
			return errTooDeep
		}
		l := level{}
		if d == '{' {
			l.keys = make(map[string]struct{})
		}
		*n = append(*n, l)
	default:
		*n = (*n)[:len(*n)-1]
		n.filled()
	}
	return nil
}

// key records the string if it is an object's key.
func (n *nesting) key(s string) (bool, error) {
	if len(*n) == 0 {
		return false, nil
	}
	l := &(*n)[len(*n)-1]
	if l.keys == nil || l.value {
		return false, nil
	}
	if _, ok := l.keys[s]; ok {
		return true, errTwice
	}
	l.keys[s] = struct{}{}
	l.value = true
	return true, nil
}

// filled says that a whole value has been read: in an object a key comes next.
func (n *nesting) filled() {
	if len(*n) > 0 {
		(*n)[len(*n)-1].value = false
	}
}
