package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer is how much of an answer is read: a network of a hundred nodes takes 200 KB.
const maxAnswer = 16 << 20

// RefusalError is an answer of the paths below /api/v1/ that is not what was asked for.
type RefusalError struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the message alone, as it is shown to people.
func (r *RefusalError) Error() string { return r.Message }

// At returns a client for the address that a devnet prints: http://HOST:PORT/#token=….
func At(address string) (*Client, error) {
	u, err := url.Parse(address)
	token, found := "", false
	if err == nil {
		token, found = strings.CutPrefix(u.Fragment, "token=")
	}
	if err != nil || u.Scheme != "http" || u.Host == "" || !found {
		return nil, fmt.Errorf("%q is not a dashboard's address: give the one that it printed, http://HOST:PORT/#token=…", address)
	}
	return &Client{
		addr: reachable(u.Host), user: "__cookie__", password: token,
		http: &http.Client{Transport: &http.Transport{IdleConnTimeout: idle}},
	}, nil
}

// Get asks a path below /api/v1/.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.ask(ctx, http.MethodGet, path, nil, into)
}

// Post does an action below /api/v1/.
func (c *Client) Post(ctx context.Context, path string, what, into any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return c.ask(ctx, http.MethodPost, path, body, into)
}

func (c *Client) ask(ctx context.Context, method, path string, body []byte, into any) error {
	q, err := http.NewRequestWithContext(ctx, method, "http://"+c.addr+"/api/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	a, err := c.do(q, ", where it was last")
	if err != nil {
		return err
	}
	defer func() { _ = a.Body.Close() }() // read to the end: nothing is lost
	raw, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer to %s: %w", path, err)
	}
	if a.StatusCode != http.StatusOK {
		var refused struct{ Error RefusalError }
		if json.Unmarshal(raw, &refused) != nil || refused.Error.Message == "" {
			return fmt.Errorf("%s answered %s: %s", c.addr, a.Status, strings.TrimSpace(string(raw[:min(len(raw), maxRefusal)])))
		}
		refused.Error.Status = a.StatusCode
		return &refused.Error
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode the answer to %s: %w", path, err)
	}
	return nil
}
