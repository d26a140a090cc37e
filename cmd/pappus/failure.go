package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// The exit codes. Source: design.md §6.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError says that the program was called wrongly.
type usageError struct{ err error }

// Error is what was wrong.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.err }

// settingError says that a variable or the file sets something wrong; the error
// names which.
type settingError struct{ err error }

// Error is what was wrong and where.
func (e *settingError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *settingError) Unwrap() error { return e.err }

// usage makes an error of the parser the user's, and says where help is.
func usage(err error, parsed *kong.Context) error {
	if errors.Is(err, errHelpShown) {
		return err
	}
	// The parser puts before it the flag that it happened to look for.
	if s, ok := errors.AsType[*settingError](err); ok {
		err = s
	}
	command := "pappus"
	if p, ok := errors.AsType[*kong.ParseError](err); ok && parsed == nil {
		parsed = p.Context
	}
	if parsed != nil && parsed.Selected() != nil {
		command = parsed.Selected().FullPath()
	}
	return &usageError{fmt.Errorf("%w (see %s --help)", err, command)}
}

func exitCode(err error) int {
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// oneLine joins what several causes wrote on lines of their own.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
