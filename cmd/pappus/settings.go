package main

import (
	"log/slog"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pappus-network/pappus/node"
)

// globals are the flags of every command.
type globals struct {
	DataDir string   `name:"datadir" help:"Folder of all data; each network has its own inside." default:"${datadir}" placeholder:"DIR"`
	Network string   `help:"mainnet, testnet4, signet, regtest or simnet." default:"${network}" placeholder:"NAME"`
	JSON    bool     `name:"json" help:"Write JSON, for programs."`
	Help    helpFlag `short:"h" help:"Show this help."`
}

// config is the configuration as far as globals make it.
func (g globals) config() node.Config {
	cfg := node.DefaultConfig()
	cfg.DataDir, cfg.Network = g.DataDir, g.Network
	return cfg
}

// chainFlags say how the chain is kept on disk.
type chainFlags struct {
	AssumeValid  string `help:"Run no scripts of this block's ancestors: you vouch for them." placeholder:"HASH:HEIGHT"`
	MinChainWork string `help:"Store no headers of a chain with less work than this." placeholder:"HEX"`
	Prune        int    `help:"Keep about this much of blocks; 0 keeps all." placeholder:"MIB"`
	TxIndex      bool   `name:"txindex" help:"Keep an index that finds every confirmed transaction."`
	CFIndex      bool   `name:"cfindex" help:"Keep BIP 158 filters."`
	DBCache      uint64 `name:"dbcache" help:"Memory for unspent outputs that are not written to disk yet; 0 for the default." placeholder:"MIB"`
}

// config is the configuration as far as the chain's commands make it.
func (f chainFlags) config(g globals) node.Config {
	cfg := g.config()
	cfg.AssumeValid, cfg.MinChainWork = f.AssumeValid, f.MinChainWork
	cfg.PruneMiB, cfg.TxIndex, cfg.CFIndex = f.Prune, f.TxIndex, f.CFIndex
	cfg.CacheBytes = f.DBCache << 20
	return cfg
}

// nodeFlags are all the settings of a node.
type nodeFlags struct {
	chainFlags

	Listen      []string      `help:"Address to listen on; may be repeated. Without it: TCP and QUIC on every interface." placeholder:"MULTIADDR"`
	Connect     []string      `help:"Peer to connect with, and none but such; may be repeated." placeholder:"MULTIADDR"`
	AddNode     []string      `name:"addnode" help:"Peer to keep a link to as well; may be repeated." placeholder:"MULTIADDR"`
	SwarmKey    string        `help:"File with the key of a closed network, as libp2p's swarm.key; QUIC is off then." placeholder:"FILE"`
	AllowPeer   []string      `help:"Peer that may be linked, and none but such; may be repeated." placeholder:"PEERID"`
	AllowPeers  string        `name:"allow-peers" help:"File with more of them, one id a line." placeholder:"FILE"`
	External    []string      `help:"Address at which others reach this node; may be repeated. Without it the node finds out." placeholder:"MULTIADDR"`
	UPnP        bool          `name:"upnp" help:"Ask the router to forward the ports (UPnP, NAT-PMP)."`
	Relay       []string      `help:"Relay through which others begin a direct connection to a node that they cannot dial; may be repeated." placeholder:"MULTIADDR"`
	Seed        []string      `help:"DNS seed to ask for peers when the address book has not brought links; may be repeated." placeholder:"HOST"`
	DNSServer   string        `name:"dns-server" help:"Server to ask for seeds, instead of the system's." placeholder:"HOST:PORT"`
	ASMap       string        `name:"asmap" help:"File with a table of prefixes and autonomous systems, by which netgroups are told apart." placeholder:"FILE"`
	Outbound    int           `help:"Links to peers of the node's own choice; 0 for none." default:"${outbound}" placeholder:"N"`
	MaxPeers    int           `help:"Linked peers; when inbound ones take up what outbound ones leave, the least useful makes way." default:"${max_peers}" placeholder:"N"`
	MaxMemory   int           `help:"Most memory that links may reserve; 0 is what --max-peers needs." default:"${max_memory}" placeholder:"MIB"`
	Rotate      time.Duration `help:"Mean time after which an outbound link makes way for another; 0 keeps all." default:"${rotate}" placeholder:"TIME"`
	Broadcast   string        `help:"How transactions spread: dandelion, gossip, diffusion or flood." default:"${broadcast}" placeholder:"NAME"`
	Fluff       string        `help:"How they do after Dandelion's stem: gossip or diffusion." default:"${fluff}" placeholder:"NAME"`
	Route       string        `help:"How Dandelion maps inbound edges to stems, for measurement: per-edge, one-to-one, per-tx or all-to-one." default:"${route}" placeholder:"NAME"`
	Diffusing   string        `help:"When Dandelion's stems end here, for measurement: per-epoch or per-hop." default:"${diffusing}" placeholder:"NAME"`
	Embargo     time.Duration `help:"Mean of Dandelion's embargoes, for measurement." default:"${embargo}" placeholder:"TIME"`
	MaxMempool  int           `help:"Most that waiting transactions take up." default:"${max_mempool}" placeholder:"MIB"`
	Mine        bool          `help:"Mine blocks (regtest and simnet only)."`
	MineTo      string        `help:"Address that mining pays; without it anybody may spend." placeholder:"ADDRESS"`
	MineEvery   time.Duration `help:"Mean time between two mined blocks." default:"${mine_every}" placeholder:"TIME"`
	API         string        `name:"api" help:"Where the API listens, port 0 for any free one; off for none." default:"${api}" placeholder:"HOST:PORT"`
	RPCUser     string        `name:"rpcuser" help:"User of the API, beside the cookie." placeholder:"NAME"`
	RPCPassword string        `name:"rpcpassword" help:"The user's password." placeholder:"TEXT"`
	RPCAuth     []string      `name:"rpcauth" help:"User of the API with the salted hash of a password, as pappus rpcauth makes it; may be repeated." sep:"none" placeholder:"USER:SALT$HASH"`
	TraceStems  bool          `help:"Have the API tell how transactions travel in their stems, to study them (regtest and simnet only)."`
	WhileStdin  bool          `help:"Run only as long as standard input is open: the node ends with the program that has started it, however that ends."`
	LogLevel    slog.Level    `help:"debug, info, warn or error." default:"${log_level}" placeholder:"LEVEL"`
}

// config is the whole configuration.
func (f nodeFlags) config(g globals) node.Config {
	cfg := f.chainFlags.config(g)
	cfg.Listen, cfg.Connect, cfg.AddNode = f.Listen, f.Connect, f.AddNode
	cfg.SwarmKey, cfg.AllowPeer, cfg.AllowFile = f.SwarmKey, f.AllowPeer, f.AllowPeers
	cfg.External, cfg.UPnP, cfg.Relays = f.External, f.UPnP, f.Relay
	cfg.Seeds, cfg.DNSServer, cfg.ASMap = f.Seed, f.DNSServer, f.ASMap
	cfg.Outbound, cfg.MaxPeers, cfg.MaxMemoryMiB, cfg.Rotate = f.Outbound, f.MaxPeers, f.MaxMemory, f.Rotate
	cfg.Broadcast, cfg.Fluff, cfg.MempoolMiB = f.Broadcast, f.Fluff, f.MaxMempool
	cfg.Route, cfg.Diffusing, cfg.Embargo = f.Route, f.Diffusing, f.Embargo
	cfg.Mine, cfg.MineTo, cfg.MineEvery = f.Mine, f.MineTo, f.MineEvery
	cfg.TraceStems = f.TraceStems
	cfg.API, cfg.RPCUser, cfg.RPCPassword, cfg.RPCAuth = f.API, f.RPCUser, f.RPCPassword, f.RPCAuth
	return cfg
}

// isSetting says whether the flag is one of a node's settings: those may also
// come from the environment and the file.
func isSetting(model *kong.Application, name string) bool {
	if name == "help" {
		return false
	}
	for _, n := range model.Children {
		if n.Name != "node" {
			continue
		}
		for _, level := range n.AllFlags(false) {
			for _, f := range level {
				if f.Name == name {
					return true
				}
			}
		}
	}
	return false
}
