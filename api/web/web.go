// Package web holds the page that [github.com/pappus-network/pappus/api/dashboard]
// serves, as it was built from the sources beside it.
package web

import "embed"

// Files are the page's, below dist.
//
//go:embed all:dist
var Files embed.FS
