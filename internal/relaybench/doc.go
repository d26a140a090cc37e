// Package relaybench measures how transactions spread: in virtual time how long they
// take and how many bytes, by whole nodes on simulated links, and on this machine's
// clock what they cost a processor. docs/measurements.md has the results.
package relaybench
