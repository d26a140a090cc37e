package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxEvent is the longest line of a stream that is read: an announcement of 1,024
// transactions takes 70 KB.
const maxEvent = 1 << 20

// Follow reads the stream of events, of some kinds or of all, from now on, and returns
// when ctx ends or the stream does. Begun is called once the stream has begun: nothing that
// happens after that is missed, unless an event of the kind "gap" says so.
func (c *Client) Follow(ctx context.Context, kinds []string, begun func(), tell func(kind string, data []byte)) error {
	address := "http://" + c.addr + "/events"
	if len(kinds) > 0 {
		address += "?kinds=" + url.QueryEscape(strings.Join(kinds, ","))
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	a, err := c.do(q, "")
	if err != nil {
		return err
	}
	defer func() { _ = a.Body.Close() }() // only read
	if a.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(a.Body, maxRefusal))
		return errors.Join(fmt.Errorf("%s answered %s: %s", address, a.Status, bytes.TrimSpace(text)), err)
	}
	lines := bufio.NewScanner(a.Body)
	lines.Buffer(nil, maxEvent)
	kind := ""
	for lines.Scan() {
		line := lines.Bytes()
		switch {
		case bytes.HasPrefix(line, []byte("id: ")) && begun != nil: // its position comes first
			begun()
			begun = nil
		case bytes.HasPrefix(line, []byte("event: ")):
			kind = string(line[len("event: "):])
		case bytes.HasPrefix(line, []byte("data: ")):
			tell(kind, line[len("data: "):])
		case len(line) == 0:
			kind = ""
		}
	}
	if err := lines.Err(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("follow the events of %s: %w", c.addr, err)
	}
	return ctx.Err()
}
