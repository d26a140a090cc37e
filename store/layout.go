package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
)

// layout is the version of what the keys and values of all owners look like. It
// grows when an older Pappus could misread them.
const layout = 1

var layoutKey = datastore.NewKey("/layout")

// ErrNewerLayout is what every [NewerLayoutError] is, for errors.Is.
var ErrNewerLayout = errors.New("the data were written by a newer Pappus")

// NewerLayoutError says that the database was written by a newer Pappus.
type NewerLayoutError struct {
	Path      string
	Found     int // layout of the database
	Supported int // newest layout that this program reads
}

// Error says both versions and what to do.
func (e *NewerLayoutError) Error() string {
	return fmt.Sprintf("the database in %s has layout %d, written by a newer Pappus; this one reads up to layout %d: "+
		"use a newer Pappus, or choose another data directory", e.Path, e.Found, e.Supported)
}

// Is makes errors.Is(err, ErrNewerLayout) true.
func (e *NewerLayoutError) Is(target error) bool { return target == ErrNewerLayout }

// checkLayout marks an empty database and refuses one that it could misread.
func checkLayout(ctx context.Context, d *disk) error {
	value, err := d.Get(ctx, layoutKey)
	if errors.Is(err, datastore.ErrNotFound) {
		return markLayout(ctx, d)
	}
	if err != nil {
		return &DamagedError{Path: d.path, Err: fmt.Errorf("read layout: %w", err)}
	}
	found, err := strconv.Atoi(string(value))
	switch {
	case err != nil, found < 1:
		return &DamagedError{Path: d.path, Err: fmt.Errorf("layout %q is no version number", value)}
	case found > layout:
		return &NewerLayoutError{Path: d.path, Found: found, Supported: layout}
	default:
		return nil
	}
}

func markLayout(ctx context.Context, d *disk) error {
	results, err := d.Query(ctx, query.Query{KeysOnly: true, Limit: 1})
	if err != nil {
		return err
	}
	defer results.Close() //nolint:errcheck // it only releases the iterator
	entries, err := results.Rest()
	switch {
	case err != nil:
		return &DamagedError{Path: d.path, Err: err}
	case len(entries) > 0:
		return &DamagedError{Path: d.path, Err: errors.New("it has content but no layout version")}
	}
	if err := d.Put(ctx, layoutKey, []byte(strconv.Itoa(layout))); err != nil {
		return explain(d.path, err)
	}
	if err := d.Sync(ctx, layoutKey); err != nil {
		return explain(d.path, err)
	}
	return nil
}
