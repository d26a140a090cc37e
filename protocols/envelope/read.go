package envelope

import (
	"errors"
	"io"
	"sync"

	"github.com/pappus-network/pappus/events"
)

// chunkSize is the unit in which memory follows what has come, in bytes: the
// most that is allocated before a payload's first byte. Half of it would cost a
// 4 MB block 60 more reads, twice of it a stalled peer 32 KiB more.
const chunkSize = 32 << 10

// chunks are parts of payloads that are not yet half there. They are reused: a
// block allocates its own size and nothing besides.
var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// readPayload reads size bytes. A payload gets its own memory when half of it
// has come, so that what is held is never more than three times what was
// received, and one chunk; until then it is held in chunks.
func readPayload(r io.Reader, size int) ([]byte, error) {
	if size <= chunkSize {
		return readInto(r, make([]byte, size), 0)
	}
	var head []*[chunkSize]byte
	defer func() {
		for _, c := range head {
			chunks.Put(c)
		}
	}()
	have := 0
	for have < size/2 {
		c, _ := chunks.Get().(*[chunkSize]byte) // the pool holds nothing else
		head = append(head, c)
		n, err := io.ReadFull(r, c[:])
		have += n
		if err != nil {
			return nil, ended(err, have, size)
		}
	}
	payload := make([]byte, size)
	for i, c := range head {
		copy(payload[i*chunkSize:], c[:])
	}
	return readInto(r, payload, have)
}

// readInto fills the payload from have on.
func readInto(r io.Reader, payload []byte, have int) ([]byte, error) {
	n, err := io.ReadFull(r, payload[have:])
	if err != nil {
		return nil, ended(err, have+n, len(payload))
	}
	return payload, nil
}

// ended says what the end of a stream means within a payload.
func ended(err error, have, size int) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return faulty(events.Truncated, "the stream ended after %d of %d bytes", have, size)
	}
	return err
}
