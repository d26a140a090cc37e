package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pappus-network/pappus/api"
)

type addressesExportCommand struct {
	File string `arg:"" optional:"" help:"Where to write; - or nothing is the standard output." default:"-" placeholder:"FILE"`
}

func (*addressesExportCommand) examples() [2]string {
	return [2]string{
		"pappus addresses export book.jsonl",
		"pappus addresses export | grep tried > tried.jsonl",
	}
}

// Run writes the node's book, one entry a line.
func (c *addressesExportCommand) Run(ctx context.Context, g globals, term terminal) (err error) {
	out := term.out
	if c.File != "-" {
		f, err := os.Create(c.File)
		if err != nil {
			return fmt.Errorf("export addresses: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	w := bufio.NewWriter(out)
	count, err := exportBook(ctx, g, w)
	if err := errors.Join(err, w.Flush()); err != nil {
		return fmt.Errorf("export addresses: %w", err)
	}
	if c.File == "-" {
		return nil
	}
	if g.JSON {
		return term.printJSON(map[string]any{"exported": count, "file": c.File})
	}
	return term.printf("%s in %s\n", api.Count(count, "address"), c.File)
}

// exportBook reads the book page by page.
func exportBook(ctx context.Context, g globals, w io.Writer) (count int, err error) {
	node, err := dial(g)
	if err != nil {
		return 0, err
	}
	for after := ""; ; {
		var page []json.RawMessage
		if err := node.Call(ctx, "exportaddresses", []any{after}, &page); err != nil {
			return count, err
		}
		if len(page) == 0 {
			return count, nil
		}
		for _, entry := range page {
			if _, err := fmt.Fprintf(w, "%s\n", entry); err != nil {
				return count, err
			}
		}
		count += len(page)
		var last struct {
			PeerID string `json:"peerid"`
		}
		if err := json.Unmarshal(page[len(page)-1], &last); err != nil {
			return count, err
		}
		after = last.PeerID
	}
}
