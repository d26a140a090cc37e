// Package netgroup says which IP addresses one party is likely to have together: links
// are to lie in many netgroups, and what one of them can do is bounded. It is pure.
package netgroup
