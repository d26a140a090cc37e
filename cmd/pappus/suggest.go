package main

import (
	"slices"

	"github.com/alecthomas/kong"
)

// maxTypos is how many letters a word may differ by and still be meant. Source:
// kong's own suggestions for flags.
const maxTypos = 2

// settings are the names of all settings, sorted.
func settings(model *kong.Application) []string {
	var names []string
	_ = kong.Visit(model.Node, func(v kong.Visitable, next kong.Next) error {
		if f, ok := v.(*kong.Flag); ok && isSetting(model, f.Name) && f.Name != "datadir" {
			names = append(names, f.Name)
		}
		return next(nil)
	}) // our visitor returns no error
	slices.Sort(names)
	return slices.Compact(names)
}

// suggest names the word that was probably meant, if there is one.
func suggest(word string, known []string) string {
	best, least := "", maxTypos+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// distance is Levenshtein's: the letters to insert, delete or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
