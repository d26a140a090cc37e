package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct{}

func (*manCommand) examples() [2]string {
	return [2]string{
		"pappus man > /usr/local/share/man/man1/pappus.1",
		"pappus man | man -l -",
	}
}

// Run prints the manual page, made of the same texts as --help.
func (*manCommand) Run(from provenance, term terminal) error {
	return term.printf("%s", manual(from.parsed.Model.Node))
}

// manual writes the page in the macros of man(7).
func manual(root *kong.Node) string {
	var b strings.Builder
	b.WriteString(`.\" Made by "pappus man".
.TH PAPPUS 1 "" "Pappus" "User Commands"
.SH NAME
pappus \- a libp2p node for Bitcoin\-family blockchains
.SH SYNOPSIS
.B pappus
.I command
.RI [ flags ]
.SH DESCRIPTION
Pappus keeps a fully validated copy of the chain in step with its peers and spreads transactions so that nobody can tie them to the
address they came from. One program runs the node and looks after it: all commands but
.B node
and those of
.B sim
find the running node by its data directory.
.SH GLOBAL FLAGS
`)
	for _, f := range root.Flags {
		writeFlag(&b, f)
	}
	b.WriteString(".SH COMMANDS\n")
	global := make(map[string]bool)
	for _, f := range root.Flags {
		global[f.Name] = true
	}
	for _, n := range root.Leaves(true) {
		fmt.Fprintf(&b, ".SS %s\n%s\n", roff(usageOf(n)), roff(n.Help))
		for _, p := range n.Positional {
			fmt.Fprintf(&b, ".TP\n.I %s\n%s\n", roff(p.Name), roff(p.Help))
		}
		for _, group := range n.AllFlags(true) {
			for _, f := range group {
				if !global[f.Name] {
					writeFlag(&b, f)
				}
			}
		}
		if c, ok := reflect.TypeAssert[exampled](n.Target.Addr()); ok {
			b.WriteString(".PP\nExamples:\n.PP\n.nf\n")
			for _, line := range c.examples() {
				b.WriteString("    " + roff(line) + "\n")
			}
			b.WriteString(".fi\n")
		}
	}
	b.WriteString(`.SH SETTINGS
A flag wins over the environment
.RB ( PAPPUS_
and the flag's name in capitals, \- as _), which wins over
.I pappus.toml
in the data directory (the flag's name as the key), which wins over the default.
.B pappus config show
tells where each value comes from. Output is not coloured if
.B NO_COLOR
is set or it goes to no terminal.
.SH EXIT STATUS
0: done. 1: failed; for
.BR status " and " doctor :
not healthy. 2: called wrongly.
.SH SEE ALSO
docs/operating.md and docs/api.md of the source;
.BR bitcoin\-cli (1),
whose methods
.B pappus rpc
takes.
`)
	return b.String()
}

func usageOf(n *kong.Node) string {
	words := []string{strings.TrimPrefix(n.FullPath(), "pappus ")}
	for _, p := range n.Positional {
		words = append(words, p.Summary())
	}
	return strings.Join(words, " ")
}

func writeFlag(b *strings.Builder, f *kong.Flag) {
	name := "--" + f.Name
	if f.Short != 0 {
		name = fmt.Sprintf("-%c, %s", f.Short, name)
	}
	fmt.Fprintf(b, ".TP\n.BR \"%s\"", roff(name))
	if f.PlaceHolder != "" {
		fmt.Fprintf(b, " \" \" %s", roff(f.PlaceHolder))
	}
	help := f.Help
	if f.HasDefault && f.Default != "" && f.Name != "datadir" { // which depends on the user
		help = describe(f.Value)
	}
	fmt.Fprintf(b, "\n%s\n", roff(help))
}

// roff escapes what the formatter would take for its own.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "’", "'").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
