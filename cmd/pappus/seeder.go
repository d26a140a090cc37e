package main

import (
	"context"
	"log/slog"

	"github.com/pappus-network/pappus/node"
)

type seederCommand struct {
	Zone     string     `help:"Name to answer for; its parent delegates to this machine." placeholder:"HOST" required:""`
	Server   string     `help:"Name of this machine, for the NS record." placeholder:"HOST" required:""`
	Mail     string     `help:"Address of who runs the seeder, for the SOA record." placeholder:"ADDRESS" required:""`
	Connect  []string   `help:"Peer to begin with; may be repeated." placeholder:"MULTIADDR" required:""`
	DNS      string     `name:"dns" help:"Where to answer DNS, UDP and TCP." placeholder:"HOST:PORT" default:"0.0.0.0:53"`
	Health   string     `help:"Where to serve /healthz; without it: nowhere." placeholder:"HOST:PORT"`
	LogLevel slog.Level `help:"debug, info, warn or error." default:"${log_level}" placeholder:"LEVEL"`
}

func (*seederCommand) examples() [2]string {
	return [2]string{
		"pappus seeder --zone seed.example.org --server ns.example.org --mail admin@example.org --connect /ip4/192.0.2.1/tcp/8477/p2p/12D3KooW…",
		"pappus seeder --network regtest --zone seed.regtest.example --server localhost.example --mail a@example.org --dns 127.0.0.1:5353 --health 127.0.0.1:8053 --connect /ip4/127.0.0.1/tcp/18477/p2p/12D3KooW…",
	}
}

// Run crawls and answers until ctx ends.
func (c *seederCommand) Run(ctx context.Context, g globals, term terminal) error {
	cfg := node.SeederConfig{
		Network: g.Network, Zone: c.Zone, Server: c.Server, Mail: c.Mail, DNS: c.DNS, Health: c.Health, First: c.Connect,
	}
	options := &slog.HandlerOptions{Level: c.LogLevel}
	log := slog.New(slog.NewTextHandler(term.err, options))
	if g.JSON {
		log = slog.New(slog.NewJSONHandler(term.err, options))
	}
	return node.RunSeeder(ctx, cfg, log, func(dns, health string) {
		log.InfoContext(ctx, "answering", "zone", c.Zone, "dns", dns, "health", health)
	})
}
