// Package body checks that a block's transactions and witnesses are those that its header's
// author hashed. It is pure and has no state: whoever receives a block checks it where there is
// a core to spare, and hands it to the chain as checked.
package body
