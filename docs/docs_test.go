// Package docs_test holds the pages for people against what they speak of: files, anchors,
// flags and make's targets. What a page says of bytes, methods, metrics and scenarios is
// checked where that is written.
package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages returns the pages of the checkout by their paths from its root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		paths, err := filepath.Glob("../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			all[filepath.Clean(strings.TrimPrefix(path, "../"))] = read(t, path)
		}
	}
	if len(all) < 20 {
		t.Fatalf("found %d pages", len(all))
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	code    = regexp.MustCompile("(?s)```.*?\n```|`[^`\n]+`")
	option  = regexp.MustCompile(`(?:^|[\s\x60("'|[])--([a-z][a-z0-9-]*)`)
	target  = regexp.MustCompile(`(?m)(?:^|\x60)make ([a-z-]+)`)
	path    = regexp.MustCompile(`^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?$`)
)

// anchor returns the name that GitHub gives to a heading.
func anchor(heading string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r > 127 && r != '–' && r != '…' && r != '→':
			return r
		}
		return -1
	}, strings.ToLower(heading))
	return name
}

func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, name, _ := strings.Cut(m[1], "#")
			to := page
			if file != "" {
				to = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(filepath.Join("..", to)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
				continue
			}
			if name == "" {
				continue
			}
			var names []string
			for _, h := range heading.FindAllStringSubmatch(all[to], -1) {
				names = append(names, anchor(h[1]))
			}
			if !slices.Contains(names, name) {
				t.Errorf("%s links to %s: %s has no such heading", page, m[1], to)
			}
		}
	}
}

// The manual page is made from the program itself and has all that it takes.
func TestFlagsAreThePrograms(t *testing.T) {
	known := map[string]string{ // of other programs
		"notls": "btcctl", "now": "systemctl", "headless": "chromium", "disable-gpu": "chromium",
	}
	manual := strings.ReplaceAll(read(t, "pappus.1"), `\-`, "-")
	for _, m := range regexp.MustCompile(`--([a-z][a-z0-9-]*)`).FindAllStringSubmatch(manual, -1) {
		known[m[1]] = "pappus"
	}
	for page, text := range pages(t) {
		for _, span := range code.FindAllString(text, -1) {
			for _, m := range option.FindAllStringSubmatch(span, -1) {
				if known[m[1]] == "" {
					t.Errorf("%s speaks of --%s, which pappus does not take", page, m[1])
				}
			}
		}
	}
}

func TestTargetsAreMakes(t *testing.T) {
	makefile := read(t, "../Makefile")
	for page, text := range pages(t) {
		for _, span := range code.FindAllString(text, -1) {
			for _, m := range target.FindAllStringSubmatch(span, -1) {
				if !strings.Contains(makefile, "\n"+m[1]+":") {
					t.Errorf("%s speaks of make %s, which the Makefile lacks", page, m[1])
				}
			}
		}
	}
}

// What is written like a path below one of the checkout's folders is one.
func TestPathsAreThere(t *testing.T) {
	for page, text := range pages(t) {
		for _, span := range code.FindAllString(text, -1) {
			name := strings.Trim(span, "`")
			if !path.MatchString(name) {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", strings.Split(name, "/")[0])); err != nil {
				continue // a media type, a protocol, somebody else's file
			}
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Errorf("%s speaks of %s, which is not there", page, name)
			}
		}
	}
}

// Decisions are numbered without a gap, each on one page, and listed in that order.
func TestDecisionsAreListed(t *testing.T) {
	const maxLines = 40 // a page
	all := pages(t)
	index := all["docs/decisions/README.md"]
	if index == "" {
		t.Fatal("docs/decisions has no README.md")
	}
	var want strings.Builder
	count := 0
	for _, page := range slices.Sorted(maps.Keys(all)) {
		name, ok := strings.CutPrefix(page, "docs/decisions/")
		if !ok || name == "README.md" {
			continue
		}
		count++
		title, _, _ := strings.Cut(all[page], "\n")
		prefix := fmt.Sprintf("# %d. ", count)
		if !strings.HasPrefix(title, prefix) || !strings.HasPrefix(name, fmt.Sprintf("%04d-", count)) {
			t.Errorf("%s begins with %q, want the number %d in both", page, title, count)
		}
		if lines := strings.Count(all[page], "\n"); lines > maxLines {
			t.Errorf("%s has %d lines, want at most %d", page, lines, maxLines)
		}
		for _, part := range []string{"**Context.**", "**Decision.**", "**Consequence.**"} {
			if !strings.Contains(all[page], part) {
				t.Errorf("%s lacks %s", page, part)
			}
		}
		fmt.Fprintf(&want, "%d. [%s](%s)\n", count, strings.TrimPrefix(title, prefix), name)
	}
	if !strings.Contains(index, want.String()) {
		t.Errorf("docs/decisions/README.md lacks the list\n%s", want.String())
	}
}
