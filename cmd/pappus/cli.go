package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/pappus-network/pappus/node"
)

// program is the grammar of the command line.
type program struct {
	globals

	Node       nodeCommand       `cmd:"" help:"Run a node until Ctrl-C."`
	Status     statusCommand     `cmd:"" help:"Show how the running node is; the exit code is its health."`
	Watch      watchCommand      `cmd:"" help:"Follow the running node: chain, peers, mempool."`
	Doctor     doctorCommand     `cmd:"" help:"Look for what is wrong, here and at the running node, and say what to do."`
	Chain      chainCommands     `cmd:"" help:"Look after the chain on disk."`
	Peers      peersCommands     `cmd:"" help:"See and choose whom the running node talks with."`
	Addresses  addressesCommands `cmd:"" help:"Take the address book to another node."`
	Tx         txCommands        `cmd:"" help:"Send transactions and follow them."`
	Mempool    mempoolCommands   `cmd:"" help:"See what waits for a block."`
	Sim        simCommands       `cmd:"" help:"Measure how transactions spread, and what adversaries learn, in simulated networks."`
	Devnet     devnetCommands    `cmd:"" help:"Run a network of nodes on this machine, and play with it."`
	Seeder     seederCommand     `cmd:"" help:"Answer DNS for the network's peers, so that new nodes find their first ones."`
	Log        logCommands       `cmd:"" help:"See and choose how much the running node logs."`
	Config     configCommands    `cmd:"" help:"See and check the settings."`
	RPC        rpcCommand        `cmd:"" name:"rpc" help:"Call a method of the running node's API."`
	RPCAuth    rpcAuthCommand    `cmd:"" name:"rpcauth" help:"Make a line for --rpcauth, and a password."`
	Completion completionCommand `cmd:"" help:"Print a shell's completion of commands, flags and methods."`
	Man        manCommand        `cmd:"" help:"Print the manual page."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

type chainCommands struct {
	Block  chainBlockCommand  `cmd:"" help:"Show a block."`
	Tips   chainTipsCommand   `cmd:"" help:"List the ends of all known branches."`
	Info   chainInfoCommand   `cmd:"" help:"Show how far the chain goes and what it takes on disk."`
	Import chainImportCommand `cmd:"" help:"Validate and store the blocks of a file."`
	Export chainExportCommand `cmd:"" help:"Write the chain's blocks to a file."`
	Verify chainVerifyCommand `cmd:"" help:"Look for damage in the stored blocks."`
}

type peersCommands struct {
	List      peersListCommand      `cmd:"" help:"List the connected peers."`
	Add       peersAddCommand       `cmd:"" help:"Keep a link to a peer."`
	Remove    peersRemoveCommand    `cmd:"" help:"Close the link to a peer and no longer keep it."`
	Ban       peersBanCommand       `cmd:"" help:"Keep a peer, an address or a subnet out for a time."`
	Unban     peersUnbanCommand     `cmd:"" help:"Lift a ban."`
	Banned    peersBannedCommand    `cmd:"" help:"List who is banned."`
	Why       peersWhyCommand       `cmd:"" help:"Show what is held against a peer, an address or a subnet."`
	Limits    peersLimitsCommand    `cmd:"" help:"Explain every limit on links: its value, unit and origin."`
	Addresses peersAddressesCommand `cmd:"" help:"Show how many peers the address book knows, and some of them."`
}

type addressesCommands struct {
	Export addressesExportCommand `cmd:"" help:"Write the running node's address book, one entry a line."`
	Import addressesImportCommand `cmd:"" help:"Enter peers of a file into the running node's address book."`
}

type txCommands struct {
	Send   txSendCommand   `cmd:"" help:"Hand a signed transaction to the node."`
	Status txStatusCommand `cmd:"" help:"Show the life of a transaction of yours, and what to do if it is stuck."`
	List   txListCommand   `cmd:"" help:"List your transactions."`
	Abort  txAbortCommand  `cmd:"" help:"Take back a transaction that is not published yet."`
}

type mempoolCommands struct {
	List mempoolListCommand `cmd:"" help:"List the waiting transactions, the best paid first."`
	Info mempoolInfoCommand `cmd:"" help:"Show size, memory and the least fee."`
	Show mempoolShowCommand `cmd:"" help:"Show one waiting transaction."`
	Save mempoolSaveCommand `cmd:"" help:"Write the waiting transactions to disk now."`
}

type logCommands struct {
	Level logLevelCommand `cmd:"" help:"Show how much is logged, or set it until the node stops."`
}

type configCommands struct {
	Show     configShowCommand     `cmd:"" help:"Show the settings of a node, and where each comes from."`
	Validate configValidateCommand `cmd:"" help:"Say whether a node would start with the settings."`
}

type simCommands struct {
	Run    simRunCommand    `cmd:"" help:"Run a scenario and print what it has measured beside published values."`
	Report simReportCommand `cmd:"" help:"Make a page with plots of results."`
	List   simListCommand   `cmd:"" help:"List the ready scenarios."`
	Replay simReplayCommand `cmd:"" help:"Play a run again and print the trace of one transaction."`
}

// terminal is where a command writes: results to out, all else to err.
type terminal struct {
	out    io.Writer
	err    io.Writer
	colour bool // out may be coloured
}

// run is the program with all that it takes from its surroundings. It returns
// the exit code.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	err := execute(ctx, args, env, terminal{stdout, stderr, mayColour(stdout, env)})
	if err == nil || errors.Is(err, errHelpShown) {
		return exitDone
	}
	if !errors.Is(err, errUnhealthy) {
		fmt.Fprintf(stderr, "pappus: %s\n", oneLine(err))
	}
	return exitCode(err)
}

func execute(ctx context.Context, args, env []string, term terminal) error {
	var p program
	parser, err := newParser(&p, env, term)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return usage(err, parsed)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(p.globals, term, provenance{parsed, env})
}

func newParser(p *program, env []string, term terminal) (*kong.Kong, error) {
	environment := environment(env)
	defaults := node.DefaultConfig()
	parser, err := kong.New(p,
		kong.Name("pappus"),
		kong.Description("A libp2p node for Bitcoin-family blockchains."),
		kong.Writers(term.out, term.err),
		kong.NoDefaultHelp(),
		kong.Help(printHelp),
		kong.ValueFormatter(describe),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{
			"datadir":     defaults.DataDir,
			"network":     defaults.Network,
			"api":         defaults.API,
			"outbound":    strconv.Itoa(defaults.Outbound),
			"max_peers":   strconv.Itoa(defaults.MaxPeers),
			"max_memory":  strconv.Itoa(defaults.MaxMemoryMiB),
			"mine_every":  defaults.MineEvery.String(),
			"rotate":      defaults.Rotate.String(),
			"broadcast":   defaults.Broadcast,
			"fluff":       defaults.Fluff,
			"route":       defaults.Route,
			"diffusing":   defaults.Diffusing,
			"embargo":     defaults.Embargo.String(),
			"max_mempool": strconv.Itoa(defaults.MempoolMiB),
			"log_level":   slog.LevelInfo.String(),
		},
		// The later one wins.
		kong.Resolvers(&file{environment: environment}, environment),
	)
	if err != nil {
		return nil, fmt.Errorf("read the grammar of the command line: %w", err)
	}
	return parser, nil
}
