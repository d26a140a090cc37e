package node

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/multiformats/go-multiaddr"
)

// A closed network (mechanism 1) has a key that all of its nodes know, or a list of
// the peers that belong to it, or both. Without the key a connection ends before TLS:
// neither ids nor protocols nor that this is a node of ours can be learned. libp2p's
// key wraps streams of bytes, so that it excludes QUIC.

// errNotAllowed is why a peer is not dialled.
var errNotAllowed = errors.New("the peer is not on the list of those that are allowed: add it with --allow-peer")

// closed says whether the node belongs to a closed network.
func (c Config) closed() bool { return c.SwarmKey != "" || c.listed() }

// listed says whether there is a list of peers.
func (c Config) listed() bool { return len(c.AllowPeer) > 0 || c.AllowFile != "" }

// swarmKey reads the network's key, nil if there is none.
func (c Config) swarmKey() (pnet.PSK, error) {
	if c.SwarmKey == "" {
		return nil, nil
	}
	info, err := os.Stat(c.SwarmKey)
	if err != nil {
		return nil, fmt.Errorf("read swarm key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): run chmod 600 %s", c.SwarmKey, mode, c.SwarmKey)
	}
	f, err := os.Open(c.SwarmKey)
	if err != nil {
		return nil, fmt.Errorf("read swarm key: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	key, err := pnet.DecodeV1PSK(f)
	if err != nil {
		return nil, fmt.Errorf("%s is no swarm key (%w): it has three lines, /key/swarm/psk/1.0.0/, /base16/, and 64 hexadecimal digits", c.SwarmKey, err)
	}
	return key, nil
}

// allowed reads the list of peers, nil if everybody may come. Those that the operator
// named belong to it.
func (c Config) allowed() (map[peer.ID]bool, error) {
	if !c.listed() {
		return nil, nil
	}
	names := slices.Clone(c.AllowPeer)
	if c.AllowFile != "" {
		lines, err := readLines(c.AllowFile)
		if err != nil {
			return nil, fmt.Errorf("read list of peers: %w", err)
		}
		names = append(names, lines...)
	}
	called, err := namedBy(c)
	if err != nil {
		return nil, err
	}
	all := make(map[peer.ID]bool)
	for _, info := range called.all() {
		all[info.ID] = true
	}
	for _, name := range names {
		id, err := peer.Decode(name)
		if err != nil {
			return nil, fmt.Errorf("allow-peer %q is not a peer id (%w): it looks like 12D3Koo…, as `pappus status` shows it", name, err)
		}
		all[id] = true
	}
	return all, nil
}

// readLines returns a file's lines but for empty ones and those that begin with #.
func readLines(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var lines []string
	s := bufio.NewScanner(f)
	for s.Scan() {
		if line := strings.TrimSpace(s.Text()); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines, s.Err()
}

// validateClosed checks what a key excludes.
func (c Config) validateClosed() error {
	for _, name := range c.AllowPeer {
		if _, err := peer.Decode(name); err != nil {
			return fmt.Errorf("allow-peer %q is not a peer id (%w): it looks like 12D3Koo…, as `pappus status` shows it", name, err)
		}
	}
	if c.SwarmKey == "" {
		return nil
	}
	for setting, addrs := range map[string][]string{"listen": c.Listen, "external": c.External} {
		for _, s := range addrs {
			if a, err := multiaddr.NewMultiaddr(s); err == nil && !overTCP(a) {
				return fmt.Errorf("%s %s is not TCP: a swarm key excludes QUIC, write it like /ip4/0.0.0.0/tcp/8477", setting, s)
			}
		}
	}
	return nil
}

func overTCP(a multiaddr.Multiaddr) bool {
	_, err := a.ValueForProtocol(multiaddr.P_TCP)
	return err == nil
}

// listenAddrs returns where the node is to listen, and whether the operator said so.
func (c Config) listenAddrs() (addrs []string, named bool) {
	if len(c.Listen) > 0 {
		return c.Listen, true
	}
	addrs = DefaultListen(c.Network)
	if c.SwarmKey != "" {
		addrs = slices.DeleteFunc(addrs, func(s string) bool { return !strings.Contains(s, "/tcp/") })
	}
	return addrs, false
}
