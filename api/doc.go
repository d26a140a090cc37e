// Package api is the door through which operators and their programs reach a
// node: JSON-RPC over HTTP with bitcoind's method names, arguments, result keys
// and error codes, and beside it the health and metrics that machines poll.
//
//	POST /, /rpc   JSON-RPC 1.0 and 2.0, single calls and batches
//	GET /healthz   200 while the node runs
//	GET /readyz    200 while it can be relied on, else 503; ?verbose says why
//	GET /metrics   Prometheus
//	GET /, /api/v1/…, /events   the page and what it asks: package dashboard
//
// A request passes, in this order: the Host allow-list (DNS rebinding), the
// cross-origin and content-type checks (web pages), authentication by the
// cookie file or user and password, the [gate] (20 at work, 64 waiting), the
// size limits, and the check that the JSON is well formed and flat. Only then
// does anything of ours look at what it says.
//
// Every method is one row of a table (name, arguments, help, handler), one file
// a group. The package asks its questions through the small interfaces of
// [Backend]; node answers them. A call reads the tip once and derives the whole
// answer from it, and holds no lock while it encodes.
//
// Sources: Bitcoin Core's doc/JSON-RPC-interface.md and its RPC help (30.0);
// btcd's rpcclient and btcjson, which are the clients that must work.
package api
