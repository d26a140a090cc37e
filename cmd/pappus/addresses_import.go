package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pappus-network/pappus/api/client"
)

const (
	// importBatch is how many lines one call carries: 100 of 8 KiB, below the API's
	// limit of 1 MiB a request.
	importBatch = 100
	// importLine is the longest line. Source: the API's own limit of an entry.
	importLine = 8 << 10
)

type addressesImportCommand struct {
	File string `arg:"" help:"Lines as addresses export writes them, or multiaddrs that end in /p2p/<peer id>; - is the standard input." placeholder:"FILE"`
}

func (*addressesImportCommand) examples() [2]string {
	return [2]string{
		"pappus addresses import book.jsonl",
		"pappus addresses import peers.txt --json",
	}
}

// refusal is a line that was not taken.
type refusal struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// learned is what became of a file.
type learned struct {
	New     int       `json:"new"`
	Known   int       `json:"known"`
	Refused []refusal `json:"refused"`
}

// Run enters every line into the node's book and says what was refused and why.
func (c *addressesImportCommand) Run(ctx context.Context, g globals, term terminal) error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("import addresses: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	node, err := dial(g)
	if err != nil {
		return err
	}
	done := learned{Refused: []refusal{}}
	if err := done.read(ctx, node, in); err != nil {
		return fmt.Errorf("import addresses: %w", err)
	}
	if g.JSON {
		err = term.printJSON(done)
	} else {
		for _, r := range done.Refused {
			fmt.Fprintf(term.err, "line %d: %s\n", r.Line, r.Why)
		}
		err = term.printf("%d new, %d known already, %d refused\n", done.New, done.Known, len(done.Refused))
	}
	if err == nil && done.New+done.Known == 0 && len(done.Refused) > 0 {
		err = errors.New("nothing was taken")
	}
	return err
}

// read sends lines in batches. Empty lines and those that begin with # are left out.
func (done *learned) read(ctx context.Context, node *client.Client, in io.Reader) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, importLine)
	var lines []int
	var batch []any
	number := 0
	for scanner.Scan() {
		number++
		text := strings.TrimSpace(scanner.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		var entry any = text
		if text[0] == '{' || text[0] == '"' {
			if !json.Valid([]byte(text)) {
				done.Refused = append(done.Refused, refusal{number, "not JSON"})
				continue
			}
			entry = json.RawMessage(text)
		}
		lines, batch = append(lines, number), append(batch, entry)
		if len(batch) == importBatch {
			if err := done.send(ctx, node, lines, batch); err != nil {
				return err
			}
			lines, batch = nil, nil
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("line %d: %w", number+1, err)
	}
	if len(batch) == 0 {
		return nil
	}
	return done.send(ctx, node, lines, batch)
}

func (done *learned) send(ctx context.Context, node *client.Client, lines []int, batch []any) error {
	var outcomes []struct {
		Outcome string `json:"outcome"`
		Why     string `json:"why"`
	}
	if err := node.Call(ctx, "importaddresses", []any{batch}, &outcomes); err != nil {
		return err
	}
	for i, o := range outcomes {
		switch o.Outcome {
		case "new":
			done.New++
		case "known":
			done.Known++
		default:
			done.Refused = append(done.Refused, refusal{lines[i], o.Why})
		}
	}
	return nil
}
