package dnsseed

import (
	"context"
	"fmt"
	"net"
)

// System returns the system's resolver or, if a server is named as host:port or as
// an address alone, one that asks that server.
func System(server string) (*net.Resolver, error) {
	if server == "" {
		return net.DefaultResolver, nil
	}
	address := server
	if _, _, err := net.SplitHostPort(server); err != nil {
		address = net.JoinHostPort(server, "53")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) == nil || port == "" {
		return nil, fmt.Errorf("DNS server %q is not an address such as 192.0.2.53 or [2001:db8::53]:5353", server)
	}
	var d net.Dialer
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return d.DialContext(ctx, network, address)
		},
	}, nil
}
