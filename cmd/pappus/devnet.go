package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/devnet"
)

type devnetCommands struct {
	Run       devnetRunCommand       `cmd:"" default:"withargs" help:"Run a network of N nodes until Ctrl-C; \"run\" may be left out."`
	Status    devnetStatusCommand    `cmd:"" help:"Show the nodes of the running devnet, its spies and its last transactions."`
	Add       devnetAddCommand       `cmd:"" help:"Start more nodes."`
	Kill      devnetKillCommand      `cmd:"" help:"End a node without a word to its peers."`
	Restart   devnetRestartCommand   `cmd:"" help:"Start a killed node again."`
	Remove    devnetRemoveCommand    `cmd:"" help:"End a node and forget it."`
	Partition devnetPartitionCommand `cmd:"" help:"Cut all links between groups of nodes."`
	Heal      devnetHealCommand      `cmd:"" help:"Let the parts meet again."`
	Send      devnetSendCommand      `cmd:"" help:"Have a node send signed transactions."`
	Mine      devnetMineCommand      `cmd:"" help:"Have a node find blocks."`
	Spy       devnetSpyCommand       `cmd:"" help:"Make a share of the nodes spies, and see how well they guess."`
}

// devnetFlags find the running devnet.
type devnetFlags struct {
	At  string `help:"Folder in which the devnet says how it is reached (default: in the user's runtime folder)." placeholder:"DIR"`
	URL string `name:"url" help:"Address that the devnet printed, instead of the folder." placeholder:"URL"`
}

func (f devnetFlags) dial() (*client.Client, error) {
	if f.URL != "" {
		return client.At(f.URL)
	}
	at := f.At
	if at == "" {
		at = devnet.Rendezvous()
	}
	c, err := client.Dial(at)
	if errors.Is(err, client.ErrNotRunning) {
		return nil, fmt.Errorf("no devnet runs that is found at %s: start one with `pappus devnet 5`, or say where it is with --at or --url", at)
	}
	return c, err
}

// act does an action and prints what came of it, for people by a function.
func (f devnetFlags) act(ctx context.Context, g globals, term terminal, path string, what any, say func(raw json.RawMessage) string) error {
	c, err := f.dial()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := c.Post(ctx, "devnet/"+path, what, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	return term.printf("%s\n", say(raw))
}

// listed says a list of an answer after some words.
func listed(words, key string) func(json.RawMessage) string {
	return func(raw json.RawMessage) string {
		var lists map[string][]string
		if json.Unmarshal(raw, &lists) != nil {
			return words
		}
		return strings.TrimSpace(words + " " + strings.Join(lists[key], " "))
	}
}

func said(words string) func(json.RawMessage) string {
	return func(json.RawMessage) string { return words }
}
