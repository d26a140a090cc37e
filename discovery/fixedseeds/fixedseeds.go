// Package fixedseeds has the peers that are built into the program, for a node whose
// address book is empty and which no DNS seed has helped (mechanism 39). They are old by
// the time they are used and known to everybody, so that they come last.
package fixedseeds

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
)

//go:embed *.txt
var files embed.FS

// Of returns the built-in peers of a network, of which there may be none.
func Of(network string) ([]peer.AddrInfo, error) {
	text, err := files.ReadFile(network + ".txt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fixed seeds of %s: %w", network, err)
	}
	peers, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("fixed seeds of %s: %w", network, err)
	}
	return peers, nil
}

// parse reads a multiaddr with its peer id a line. Empty lines and those that begin
// with # say nothing.
func parse(text string) ([]peer.AddrInfo, error) {
	var peers []peer.AddrInfo
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		info, err := peer.AddrInfoFromString(line)
		if err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n, line, err)
		}
		peers = append(peers, *info)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after %d peers: %w", len(peers), err)
	}
	return peers, nil
}
