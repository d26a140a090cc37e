package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// colour is how a word stands out on a terminal (ECMA-48, SGR).
type colour string

const (
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	red    colour = "\x1b[31m"
	bold   colour = "\x1b[1m"
	plain         = "\x1b[0m"
)

// mayColour says whether colours may be written: to a terminal that can show them, unless
// NO_COLOR asks for none (no-color.org).
func mayColour(out io.Writer, env environment) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && env.wantsColour()
}

// wantsColour is false if the surroundings ask for plain text.
func (e environment) wantsColour() bool {
	name, _ := e.variable("TERM")
	none, _ := e.variable("NO_COLOR")
	return none == "" && name != "dumb"
}

// paint colours a word, if the terminal may be coloured.
func (t terminal) paint(c colour, word string) string {
	if !t.colour {
		return word
	}
	return string(c) + word + plain
}
