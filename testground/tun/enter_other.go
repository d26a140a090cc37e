//go:build !linux

package tun

import (
	"context"
	"net/netip"
)

// Enter gives [ErrUnavailable].
func (n *Network) Enter(context.Context, netip.Addr, string) error { return ErrUnavailable }

// Available gives [ErrUnavailable].
func Available() error { return ErrUnavailable }
