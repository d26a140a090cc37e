package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/pappus-network/pappus/api"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (*completionCommand) examples() [2]string {
	return [2]string{
		"pappus completion bash > /etc/bash_completion.d/pappus",
		"pappus completion fish > ~/.config/fish/completions/pappus.fish",
	}
}

// Run prints the completion of the whole command line.
func (c *completionCommand) Run(from provenance, term terminal) error {
	words := completions(from.parsed.Model.Node)
	write := map[string]func(io.Writer, []completion){"bash": writeBash, "zsh": writeZsh, "fish": writeFish}[c.Shell]
	var text strings.Builder
	write(&text, words)
	return term.printf("%s", text.String())
}

// completion is what may follow a command's words.
type completion struct {
	path     string // the words, " chain import"; "" = the program itself
	commands []choice
	flags    []choice
	values   []choice // of the first argument, where they are known
}

// choice is one word, and what it means.
type choice struct {
	word, help string
	takes      bool // a value follows
}

// completions lists all commands with what may follow them, parents first.
func completions(n *kong.Node) []completion {
	c := completion{path: strings.TrimPrefix(n.FullPath(), "pappus")}
	for _, child := range n.Children {
		if child.Type == kong.CommandNode && !child.Hidden {
			c.commands = append(c.commands, choice{word: child.Name, help: child.Help})
		}
	}
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			c.flags = append(c.flags, choice{"--" + f.Name, f.Help, f.Target.Kind() != reflect.Bool})
		}
	}
	switch c.path {
	case " rpc":
		for _, m := range api.Reference() {
			c.values = append(c.values, choice{word: m.Name, help: firstSentence(m.Summary)})
		}
	case " completion":
		c.values = []choice{{word: "bash"}, {word: "zsh"}, {word: "fish"}}
	case " log level":
		c.values = []choice{{word: "debug"}, {word: "info"}, {word: "warn"}, {word: "error"}}
	}
	all := []completion{c}
	for _, child := range n.Children {
		if child.Type == kong.CommandNode && !child.Hidden {
			all = append(all, completions(child)...)
		}
	}
	return all
}

// flagValues are the flags whose values are known; folders complete as files do.
func flagValues() []struct{ flag, words string } {
	return []struct{ flag, words string }{
		{"--network", "mainnet testnet4 signet regtest simnet"},
		{"--broadcast", "dandelion gossip diffusion flood"},
		{"--fluff", "gossip diffusion"},
		{"--log-level", "debug info warn error"},
	}
}

func firstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	first, _, _ = strings.Cut(first, ": ")
	return strings.TrimSuffix(first, ".")
}

func words(all ...[]choice) string {
	var names []string
	for _, c := range slices.Concat(all...) {
		names = append(names, c.word)
	}
	return strings.Join(names, " ")
}

// writeBash follows the words that are there down the tree of commands.
func writeBash(w io.Writer, all []completion) {
	fmt.Fprint(w, "# bash completion of pappus; made by `pappus completion bash`\n_pappus() {\n"+
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word\n\tCOMPREPLY=()\n\tcase $prev in\n")
	for _, f := range flagValues() {
		fmt.Fprintf(w, "\t%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", f.flag, f.words)
	}
	fmt.Fprint(w, "\t--datadir) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n\tesac\n"+
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase \"$at $word\" in\n")
	for _, c := range all {
		if c.path != "" {
			fmt.Fprintf(w, "\t\t'%s') at='%s' ;;\n", c.path, c.path)
		}
	}
	fmt.Fprint(w, "\t\tesac\n\tdone\n\tcase $at in\n")
	for _, c := range all {
		fmt.Fprintf(w, "\t'%s')\n\t\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n\t\telse COMPREPLY=($(compgen -W '%s' -- \"$cur\")); fi ;;\n",
			c.path, words(c.flags), words(c.commands, c.values))
	}
	fmt.Fprint(w, "\tesac\n}\ncomplete -o default -F _pappus pappus\n")
}

// quoted is a text within single quotes.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// writeZsh describes each word as well.
func writeZsh(w io.Writer, all []completion) {
	fmt.Fprint(w, "#compdef pappus\n# zsh completion of pappus; made by `pappus completion zsh`\n_pappus() {\n"+
		"\tlocal at= word\n\tlocal -a choices flags\n\tcase ${words[CURRENT-1]} in\n")
	for _, f := range flagValues() {
		fmt.Fprintf(w, "\t%s) compadd -- %s; return ;;\n", f.flag, f.words)
	}
	fmt.Fprint(w, "\t--datadir) _files -/; return ;;\n\tesac\n\tfor word in ${words[2,CURRENT-1]}; do\n\t\tcase \"$at $word\" in\n")
	for _, c := range all {
		if c.path != "" {
			fmt.Fprintf(w, "\t\t'%s') at='%s' ;;\n", c.path, c.path)
		}
	}
	fmt.Fprint(w, "\t\tesac\n\tdone\n\tcase $at in\n")
	describe := func(name string, all []choice) {
		fmt.Fprintf(w, "\t\t%s=(", name)
		for _, c := range all {
			fmt.Fprintf(w, " %s", quoted(strings.ReplaceAll(c.word, ":", `\:`)+":"+c.help))
		}
		fmt.Fprint(w, " )\n")
	}
	for _, c := range all {
		fmt.Fprintf(w, "\t'%s')\n", c.path)
		describe("choices", slices.Concat(c.commands, c.values))
		describe("flags", c.flags)
		fmt.Fprint(w, "\t\t;;\n")
	}
	fmt.Fprint(w, "\tesac\n\tif [[ ${words[CURRENT]} == -* ]]; then\n\t\t_describe flag flags\n\telif (( $#choices )); then\n\t\t_describe command choices\n\telse\n\t\t_files\n\tfi\n}\n"+
		"if [[ ${funcstack[1]} == _pappus ]]; then _pappus \"$@\"; else compdef _pappus pappus; fi\n")
}

// writeFish has a condition for each command: that its words stand there.
func writeFish(w io.Writer, all []completion) {
	fmt.Fprint(w, "# fish completion of pappus; made by `pappus completion fish`\nfunction __pappus_at\n\tset -l at\n\tfor word in (commandline -opc)[2..]\n\t\tswitch \"$at $word\"\n")
	for _, c := range all {
		if c.path != "" {
			fmt.Fprintf(w, "\t\t\tcase '%s'\n\t\t\t\tset at '%s'\n", c.path, c.path)
		}
	}
	fmt.Fprint(w, "\t\tend\n\tend\n\ttest \"$at\" = \"$argv[1]\"\nend\n")
	for _, c := range all {
		here := quotedFish("__pappus_at '" + c.path + "'")
		for _, word := range slices.Concat(c.commands, c.values) {
			fmt.Fprintf(w, "complete -c pappus -n %s -f -a %s -d %s\n", here, quotedFish(word.word), quotedFish(word.help))
		}
		for _, f := range c.flags {
			value := ""
			if f.takes {
				value = " -r"
			}
			fmt.Fprintf(w, "complete -c pappus -n %s -l %s%s -d %s\n", here, strings.TrimPrefix(f.word, "--"), value, quotedFish(f.help))
		}
	}
	for _, f := range flagValues() {
		fmt.Fprintf(w, "complete -c pappus -l %s -x -a %s\n", strings.TrimPrefix(f.flag, "--"), quotedFish(f.words))
	}
}

// quotedFish is a text within fish's single quotes, where a backslash escapes.
func quotedFish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
