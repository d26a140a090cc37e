// Package client calls the API of the node that runs in a data folder. It is
// what the command line uses: the folder tells the address and the password.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Files in the network's folder (design.md §6).
const (
	addrFile   = "api"
	cookieFile = ".cookie"
)

// maxRefusal is how much of an HTTP error's text is shown.
const maxRefusal = 500

// ErrNotRunning says that there is no node to call.
var ErrNotRunning = errors.New("the node is not running")

// RPCError is the node's answer that it will not or cannot. Codes are bitcoind's.
type RPCError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error is the message alone, as it is shown to people.
func (e *RPCError) Error() string { return e.Message }

// Client calls one node. It is safe for concurrent use.
type Client struct {
	addr     string // host:port
	user     string
	password string
	http     *http.Client
}

// idle is how long a connection is kept for the next call. A node takes 256 of them:
// whoever dials often must not fill it with connections that wait.
const idle = 2 * time.Second

// Dial finds the node that runs in the network's folder. It connects with the
// first call only.
func Dial(dir string) (*Client, error) {
	addr, err := os.ReadFile(filepath.Join(dir, addrFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s: start it with `pappus node`, or name another folder with --datadir and --network", ErrNotRunning, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("find the node's API: %w", err)
	}
	cookie, err := os.ReadFile(filepath.Join(dir, cookieFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s, or it is just starting or stopping: its cookie is missing", ErrNotRunning, dir)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("the node's cookie in %s belongs to another user: run the command as the user that runs the node", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the node's cookie: %w", err)
	}
	user, password, ok := strings.Cut(strings.TrimSpace(string(cookie)), ":")
	if !ok {
		return nil, fmt.Errorf("the cookie in %s is damaged: restart the node, which writes a new one", dir)
	}
	return &Client{
		addr:     reachable(strings.TrimSpace(string(addr))),
		user:     user,
		password: password,
		// No proxy from the environment: the password is for this node alone.
		http: &http.Client{Transport: &http.Transport{IdleConnTimeout: idle}},
	}, nil
}

// reachable replaces an address that stands for all of the machine's own.
func reachable(addr string) string {
	to, err := netip.ParseAddrPort(addr)
	if err != nil || !to.Addr().IsUnspecified() {
		return addr
	}
	return net.JoinHostPort("localhost", fmt.Sprint(to.Port()))
}

type request struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type response struct {
	Result json.RawMessage `json:"result"`
	Error  *RPCError       `json:"error"`
}

// Call runs a method and decodes its result into result, which may be nil. The
// error is an *[RPCError] if the node gave one.
func (c *Client) Call(ctx context.Context, method string, params []any, result any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(request{Version: "2.0", ID: 1, Method: method, Params: params})
	if err != nil {
		return fmt.Errorf("encode %s: %w", method, err)
	}
	raw, err := c.post(ctx, body)
	if err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	var r response
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("call %s: the answer from %s is not JSON-RPC: does another program listen there? %w", method, c.addr, err)
	}
	if r.Error != nil {
		return r.Error
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(r.Result, result); err != nil {
		return fmt.Errorf("decode result of %s: %w", method, err)
	}
	return nil
}

func (c *Client) post(ctx context.Context, body []byte) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.addr+"/rpc", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Content-Type", "application/json")
	a, err := c.do(q, ", where it was last: start it again with `pappus node`")
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }() // read to the end: nothing is lost
	switch a.StatusCode {
	case http.StatusOK:
		return io.ReadAll(a.Body)
	case http.StatusUnauthorized:
		return nil, fmt.Errorf("the node at %s does not take the cookie of this folder: is it another node's?", c.addr)
	case http.StatusServiceUnavailable:
		return nil, errors.New("the node has too many calls to answer: try again")
	default:
		text, err := io.ReadAll(io.LimitReader(a.Body, maxRefusal))
		return nil, errors.Join(fmt.Errorf("the node answered %s: %s", a.Status, strings.TrimSpace(string(text))), err)
	}
}

// do sends a request as this client's user. If nobody listens the error is an
// [ErrNotRunning], which ends in a hint.
func (c *Client) do(q *http.Request, hint string) (*http.Response, error) {
	q.SetBasicAuth(c.user, c.password)
	a, err := c.http.Do(q)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: nobody answers at %s%s", ErrNotRunning, c.addr, hint)
	}
	return a, err
}

// digits matches hashes and raw data, which are text even if no letter is among them.
var digits = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)

// Params turns the words of a command line into parameters: JSON where a word is
// JSON, text otherwise.
func Params(words []string) []any {
	params := make([]any, 0, len(words))
	for _, w := range words {
		if json.Valid([]byte(w)) && !digits.MatchString(w) {
			params = append(params, json.RawMessage(w))
		} else {
			params = append(params, w)
		}
	}
	return params
}
