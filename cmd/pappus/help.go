package main

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"
)

// errHelpShown ends parsing once help was asked for and given.
var errHelpShown = errors.New("help was shown")

// helpFlag shows help and ends the program.
type helpFlag bool

// BeforeReset is called by kong when the flag is met, before anything is checked.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := printHelp(kong.HelpOptions{Compact: true}, ctx); err != nil {
		return err
	}
	return errHelpShown
}

// exampled is a command that shows how it is used.
type exampled interface {
	examples() [2]string
}

// printHelp is kong's help with the command's examples at the end.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return fmt.Errorf("print help: %w", err)
	}
	selected := ctx.Selected()
	if selected == nil {
		fmt.Fprint(ctx.Stdout, "\nRun \"pappus <command> --help\" for a command's flags and examples.\n")
		return nil
	}
	if c, ok := reflect.TypeAssert[exampled](selected.Target.Addr()); ok {
		fmt.Fprint(ctx.Stdout, "\nExamples:\n")
		for _, line := range c.examples() {
			fmt.Fprintf(ctx.Stdout, "  %s\n", line)
		}
	}
	return nil
}

// describe is the help of one flag, with its default.
func describe(v *kong.Value) string {
	if v.Flag == nil || !v.HasDefault || v.Default == "" {
		return v.Help
	}
	return fmt.Sprintf("%s (default %s)", v.Help, v.Default)
}
