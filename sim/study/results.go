package study

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Header is the first line of a results file: enough to report on it without the
// scenario's file.
type Header struct {
	Format   int    `json:"pappus_sim"` // of this file: 1
	Scenario string `json:"scenario"`
	Version  string `json:"version"`
	Short    bool   `json:"short,omitempty"`
	Text     string `json:"text"` // the scenario's
}

// format is what this program writes and reads.
const format = 1

// Run is one line of a results file: one point on one graph.
type Run struct {
	Point   string             `json:"point"`
	Replica int                `json:"replica"`
	Seed    uint64             `json:"seed,string"` // larger than what other programs read exactly
	Metrics map[string]float64 `json:"metrics"`     // what could not be measured is absent
	Events  uint64             `json:"events"`
	Trace   string             `json:"trace"` // hash of all events
	Seconds float64            `json:"seconds"`
}

// Results are the runs of one scenario.
type Results struct {
	Scenario *Scenario
	Runs     []Run
	// Note says what was lost when a sweep was cut off; "" = nothing.
	Note string
}

// ErrOtherVersion says that a results file is of another scenario, or of another
// version of this one.
var ErrOtherVersion = errors.New("results of another version")

// ReadResults reads a results file. A last line that was cut off is left out, and
// noted.
func ReadResults(path string) (*Results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	r, _, err := parseResults(path, text)
	return r, err
}

// parseResults also returns how many bytes of the text are whole lines.
func parseResults(name string, text []byte) (*Results, int, error) {
	whole := bytes.LastIndexByte(text, '\n') + 1
	r := &Results{}
	if whole < len(text) {
		r.Note = fmt.Sprintf("%s ends within a line: %d bytes of an unfinished run were dropped", name, len(text)-whole)
	}
	lines := bufio.NewReader(bytes.NewReader(text[:whole]))
	seen := map[string]int{}
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if number == 1 {
			if r.Scenario, err = readHeader(name, line); err != nil {
				return nil, 0, err
			}
			continue
		}
		var run Run
		if err := json.Unmarshal(line, &run); err != nil {
			return nil, 0, fmt.Errorf("%s:%d: not a run: %w", name, number, err)
		}
		key := fmt.Sprint(run.Point, " ", run.Replica)
		if first, twice := seen[key]; twice {
			return nil, 0, fmt.Errorf("%s:%d: the run of point %s, replica %d, is there already, in line %d: remove one", name, number, run.Point, run.Replica, first)
		}
		if r.Scenario.point(run.Point) < 0 {
			return nil, 0, fmt.Errorf("%s:%d: point %q is none of scenario %s", name, number, run.Point, r.Scenario.Name)
		}
		seen[key] = number
		r.Runs = append(r.Runs, run)
	}
	if r.Scenario == nil {
		return nil, 0, fmt.Errorf("%s: no results: its first line is missing", name)
	}
	return r, whole, nil
}

func readHeader(name string, line []byte) (*Scenario, error) {
	var h Header
	if err := json.Unmarshal(line, &h); err != nil || h.Format == 0 {
		return nil, fmt.Errorf("%s:1: not a results file of pappus sim run", name)
	}
	if h.Format != format {
		return nil, fmt.Errorf("%s:1: results in format %d: this program reads %d", name, h.Format, format)
	}
	s, err := Decode(name+": "+h.Scenario, h.Text, h.Short)
	if err != nil {
		return nil, fmt.Errorf("%w (in the first line, which another version of this program may have written)", err)
	}
	if v := s.Version(); v != h.Version {
		return nil, fmt.Errorf("%s:1: %w: they were made as version %s, which this program reads as %s", name, ErrOtherVersion, h.Version, v)
	}
	return s, nil
}

// point returns the index of a point, -1 if there is none.
func (s *Scenario) point(id string) int {
	for i := range s.Points {
		if s.Points[i].ID == id {
			return i
		}
	}
	return -1
}

// Journal is a results file that runs are added to, each as it ends.
type Journal struct {
	Results

	file *os.File // nil: runs are kept in memory alone
}

// NewJournal returns one that is no file: its runs end with the process.
func NewJournal(s *Scenario) *Journal { return &Journal{Results: Results{Scenario: s}} }

// OpenJournal opens a scenario's results file, or makes it. What an interrupted
// sweep has left is kept.
func OpenJournal(path string, s *Scenario) (*Journal, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open results: %w", err)
	}
	j := NewJournal(s)
	whole := bytes.LastIndexByte(text, '\n') + 1
	if whole > 0 {
		old, _, err := parseResults(path, text)
		if err != nil {
			return nil, err
		}
		if old.Scenario.Name != s.Name || old.Scenario.Version() != s.Version() {
			return nil, fmt.Errorf("%s: %w: it holds scenario %s, version %s, and this is %s, version %s: name another file with --out, or remove it",
				path, ErrOtherVersion, old.Scenario.Name, old.Scenario.Version(), s.Name, s.Version())
		}
		j.Runs, j.Note = old.Runs, old.Note
	}
	if err := j.open(path, whole); err != nil {
		return nil, err
	}
	return j, nil
}

// open makes the file ready for the next line.
func (j *Journal) open(path string, whole int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("open results: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open results: %w", err)
	}
	j.file = f
	err = f.Truncate(int64(whole))
	if err == nil {
		_, err = f.Seek(int64(whole), io.SeekStart)
	}
	if err == nil && whole == 0 {
		s := j.Scenario
		err = j.line(Header{Format: format, Scenario: s.Name, Version: s.Version(), Short: s.Short, Text: s.Text})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open results: %w", err), f.Close())
	}
	return nil
}

// Add keeps a run.
func (j *Journal) Add(r Run) error {
	j.Runs = append(j.Runs, r)
	if j.file == nil {
		return nil
	}
	if err := j.line(r); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

// line writes one line at once, so that a process that is killed leaves a whole
// one or none but the last.
func (j *Journal) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(text, '\n'))
	return err
}

// Close closes the file, with all of it on disk.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	return errors.Join(j.file.Sync(), j.file.Close())
}
