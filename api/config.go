package api

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Config is what an operator can set. It is plain data.
type Config struct {
	Listen   string // host:port; port 0 = any free one
	Dir      string // the network's folder, where the cookie is written
	User     string // in addition to the cookie; both or neither
	Password string
	Auth     []string // USER:SALT$HASH, as bitcoind's -rpcauth
}

// DefaultConfig returns the settings of an API that was told nothing but its folder.
func DefaultConfig(dir string) Config {
	return Config{Listen: "127.0.0.1:8480", Dir: dir} // design.md §6
}

// Validate reports the first setting that cannot work, and what to do about it.
func (c Config) Validate() error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("api %q is not HOST:PORT (%w): write it like 127.0.0.1:8480, or off", c.Listen, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("api %q: the port is not a number from 0 to 65535", c.Listen)
	}
	if c.Dir == "" {
		return errors.New("api has no folder to write its cookie to")
	}
	if (c.User == "") != (c.Password == "") {
		return errors.New("rpcuser and rpcpassword go together: set both or neither")
	}
	if strings.Contains(c.User, ":") {
		return errors.New("rpcuser contains a colon, which Basic authentication cannot carry: choose another")
	}
	for _, line := range c.Auth {
		if _, err := parseSalted(line); err != nil {
			return err
		}
	}
	// The API has no encryption and whoever passes it can stop the node: beyond
	// this machine it is opened only by somebody who has chosen a password for it.
	if !isLoopback(host) && c.User == "" && len(c.Auth) == 0 {
		return fmt.Errorf("api %s can be reached from other machines: set --rpcauth, or --rpcuser and --rpcpassword, or listen on 127.0.0.1 and use an SSH tunnel", c.Listen)
	}
	return nil
}

// local says whether only this machine reaches the API.
func (c Config) local() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	return err == nil && isLoopback(host)
}

// isLoopback says whether only this machine reaches the host. Names other than
// localhost count as remote: what they resolve to may change.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
