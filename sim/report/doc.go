// Package report shows what a study has found: a table for a terminal, plots with
// error bars and the published values drawn in, and one page with all of it that
// needs nothing else.
package report
