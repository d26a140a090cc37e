// Package syncbench measures a whole node at its main job, as an operator would
// see it: real processes on loopback, real files, links shaped by proxies of
// our own. It holds benchmarks only; each reports ratios to a baseline that it
// takes in the same run. docs/measurements.md has the figures.
//
//	go test -run '^$' -bench . -benchtime 1x -count 3 -timeout 60m ./internal/syncbench
package syncbench
