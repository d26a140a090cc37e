// Package testground is the plan under which many real nodes are run at once and
// measured: what its manifest says of cases and parameters. The manifest is the one
// place where a default stands; the launcher checks against it, and the plan takes
// from it what it was not given.
package testground

// SayPrefix begins the messages of the plan that are for people: the SDK has its own.
const SayPrefix = "pappus: "
