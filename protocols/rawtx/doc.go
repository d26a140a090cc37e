// Package rawtx reads transactions that strangers have serialized. Wire's decoder
// makes room for whatever a message claims to hold; here the claims have to fit
// the bytes first.
package rawtx
