package node

import (
	"fmt"
	"os"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

// readTable reads the operator's table of autonomous systems; no file is no table.
func readTable(file string) (*netgroup.Table, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no table knows nothing, which is not an error
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("asmap: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	table, err := netgroup.Read(f)
	if err != nil {
		return nil, fmt.Errorf("asmap %s: %w", file, err)
	}
	return table, nil
}
