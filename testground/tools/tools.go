//go:build tools

// Package tools names the program that `make testground` builds.
package tools

import _ "github.com/testground/testground"
