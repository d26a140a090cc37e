// Package events is the vocabulary of what happens in a node: typed events and
// reason codes. It holds types only and imports nothing of ours, so that every
// package can name a reason without knowing who will read it. The bus that
// carries events lives in node; logs, metrics, the API and the operator's
// commands are its readers.
package events
