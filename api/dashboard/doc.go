// Package dashboard is what a browser asks a node, or a network of them, over HTTP:
// the page itself, what it draws, and a stream of what happens.
//
//	GET  /                 the page                    GET /assets/…   its parts
//	GET  /api/v1/…         one JSON object or list, as of now
//	POST /api/v1/…         an action, for whoever holds the password
//	GET  /events           server-sent events: [Feed]
//
//	node, devnet ── View, Route ──▶ handler ◀── Keys ── api (password, Host, Origin)
//	        └────── Publish ──────▶ Feed ──▶ readers
//
// Readers cost a node little, however many there are: answers are computed a few times a
// second and shared, requests are paced, events are encoded once, and a reader that is slow
// misses some and is told so. Nothing here waits for a reader.
//
// What an address may not be linked with, a node's own transactions, is private: it is for
// who holds the password; and how a transaction travels in its stem is told of a devnet
// only (mechanism 3).
//
// The package declares what it asks in [View]; node and devnet answer. docs/events.md
// is its contract with those who write other pages.
package dashboard
