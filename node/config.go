package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/discovery/dnsseed"
	"github.com/pappus-network/pappus/discovery/slots"
	"github.com/pappus-network/pappus/relay"
)

// Agent is what identify and status say of us: the same for every node of a
// release, so that it tells no two nodes apart (design.md §3).
const Agent = "pappus/0.1"

// minPruneMiB is the least that may be kept: two of the database's 512 MiB
// block files and the one being written. Source: btcd's own minimum for --prune.
const minPruneMiB = 1536

// minRotate is the least mean time between two rotations: a dial a minute costs
// 3 ms of CPU on either side, more often no epoch of Dandelion's would find its
// stems again.
const minRotate = time.Minute

// minMempoolMiB is the least that the mempool may take up: a chain of 25
// transactions of 400,000 weight units and room to choose from. Source: Bitcoin
// Core asks for 5 MB.
const minMempoolMiB = 5

// minMemoryMiB is the least that links can do with: handshakes and eight peers.
const minMemoryMiB = spareBytes>>20 + 8*peerBytes>>20

// Config is all that an operator can set. It is plain data: [DefaultConfig]
// fills it, [Config.Validate] checks it and never changes it.
type Config struct {
	Network string // mainnet, testnet4, signet, regtest or simnet
	DataDir string // the network's own folder is made inside

	Listen  []string // multiaddrs; empty = [DefaultListen] of the network
	Connect []string // multiaddrs with /p2p/<peer id>: dial these and only these
	AddNode []string // multiaddrs with /p2p/<peer id>: keep a link to these as well

	SwarmKey  string   // file with the key of a closed network; empty = none
	AllowPeer []string // ids of the peers that may be linked; none here and in AllowFile = all
	AllowFile string   // file with more of them, one a line

	External []string // multiaddrs at which others reach this node; empty = it finds out
	UPnP     bool     // ask the router to forward the ports
	Relays   []string // multiaddrs with /p2p/<peer id> of relays through which to be reached

	Seeds     []string // host names of DNS seeds, asked when the address book has not brought links
	DNSServer string   // host:port that is asked for them; empty = the system's resolver

	ASMap string // file with a table of prefixes and autonomous systems; empty = netgroups are prefixes

	Outbound     int           // links to peers of the node's own choice; 0 = none
	MaxPeers     int           // linked peers; when inbound ones take up the rest of them the least useful makes way
	MaxMemoryMiB int           // that links may reserve; 0 = as MaxPeers need
	Rotate       time.Duration // mean time after which an outbound link makes way for another; 0 = never

	Broadcast  string // how transactions spread: dandelion, gossip, diffusion or flood
	Fluff      string // how they do after Dandelion's stem: gossip or diffusion
	MempoolMiB int    // most that the mempool takes up

	// Dandelion's, for measurement.
	Route     string        // per-edge, one-to-one, per-tx or all-to-one
	Diffusing string        // per-epoch or per-hop
	Embargo   time.Duration // mean

	Mine      bool          // regtest and simnet only
	MineTo    string        // address that is paid; empty = an output that anybody may spend
	MineEvery time.Duration // mean time between two mined blocks

	// TraceStems has the API tell how transactions travel in their stems, which takes
	// from them what Dandelion is for (mechanism 3): regtest and simnet only.
	TraceStems bool

	API         string // host:port, port 0 = any free one; "off" = none
	RPCUser     string // in addition to the cookie
	RPCPassword string
	RPCAuth     []string // USER:SALT$HASH, as bitcoind's -rpcauth

	AssumeValid  string // HASH:HEIGHT; scripts below it are not run
	MinChainWork string // hex; headers below this work are not stored
	CacheBytes   uint64 // for unspent outputs that are not written yet; 0 = the default
	PruneMiB     int    // keep about this much of blocks; 0 = all
	TxIndex      bool
	CFIndex      bool
}

// DefaultConfig returns the settings of a node that was told nothing.
func DefaultConfig() Config {
	dir := ".pappus"
	if home, err := os.UserHomeDir(); err == nil {
		dir = filepath.Join(home, ".pappus")
	}
	return Config{
		Network:  "mainnet",
		DataDir:  dir,
		Outbound: discovery.DefaultConfig().Outbound,
		MaxPeers: 125, // connections of Bitcoin Core's default
		Rotate:   slots.DefaultConfig().Mean,

		Broadcast:  string(relay.Dandelion),
		Fluff:      string(relay.Gossip),
		MempoolMiB: 286, // 300 MB, Bitcoin Core's -maxmempool

		Route:     dandelion.PerEdge.String(),
		Diffusing: dandelion.PerEpoch.String(),
		Embargo:   dandelion.DefaultConfig().Embargo,

		MineEvery: 5 * time.Second,
		API:       "127.0.0.1:8480",
	}
}

// Dir is the folder that holds the network's data.
func (c Config) Dir() string { return filepath.Join(c.DataDir, c.Network) }

// Validate reports the first setting that cannot work, and what to do about it.
func (c Config) Validate() error {
	params, err := Params(c.Network)
	if err != nil {
		return err
	}
	if c.DataDir == "" {
		return errors.New("datadir is empty: name a folder with --datadir")
	}
	if err := c.validateLinks(); err != nil {
		return err
	}
	if c.Mine && !canMine(params) {
		return fmt.Errorf("mine works on regtest and simnet only, not on %s", c.Network)
	}
	if c.TraceStems && !canMine(params) {
		return fmt.Errorf("trace-stems would tell where transactions on %s come from: it works on regtest and simnet only", c.Network)
	}
	if c.MineEvery < 0 {
		return fmt.Errorf("mine-every %v is negative", c.MineEvery)
	}
	if _, err := payScript(c.MineTo, params); err != nil {
		return err
	}
	if c.API != "off" {
		if err := c.api().Validate(); err != nil {
			return err
		}
	}
	if err := c.validateRelay(); err != nil {
		return err
	}
	return c.validateChain()
}

// api returns the API's share of the configuration.
func (c Config) api() api.Config {
	return api.Config{Listen: c.API, Dir: c.Dir(), User: c.RPCUser, Password: c.RPCPassword, Auth: c.RPCAuth}
}

// validateLinks checks where the node listens and whom it dials.
func (c Config) validateLinks() error {
	for _, s := range c.Listen {
		if _, err := multiaddr.NewMultiaddr(s); err != nil {
			return fmt.Errorf("listen %q is not a multiaddr (%w): write it like /ip4/0.0.0.0/tcp/8477", s, err)
		}
	}
	if _, err := parsePeers("connect", c.Connect); err != nil {
		return err
	}
	if _, err := parsePeers("addnode", c.AddNode); err != nil {
		return err
	}
	if err := c.validateClosed(); err != nil {
		return err
	}
	if err := c.validateReach(); err != nil {
		return err
	}
	if c.MaxPeers < 1 {
		return fmt.Errorf("max-peers %d is below 1", c.MaxPeers)
	}
	if c.MaxMemoryMiB != 0 && c.MaxMemoryMiB < minMemoryMiB {
		return fmt.Errorf("max-memory %d MiB is below the least of %d MiB: choose more, or 0 for what --max-peers needs", c.MaxMemoryMiB, minMemoryMiB)
	}
	if _, err := dnsseed.System(c.DNSServer); err != nil {
		return err
	}
	if c.Outbound < 0 {
		return fmt.Errorf("outbound %d is below 0", c.Outbound)
	}
	if c.Rotate != 0 && c.Rotate < minRotate {
		return fmt.Errorf("rotate %v is below %v: choose more, or 0 to keep links as they are", c.Rotate, minRotate)
	}
	return nil
}

// validateRelay checks how transactions spread.
func (c Config) validateRelay() error {
	cfg, err := c.relay()
	if err != nil {
		return err
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	if c.MempoolMiB < minMempoolMiB {
		return fmt.Errorf("max-mempool %d MiB is below the least of %d MiB", c.MempoolMiB, minMempoolMiB)
	}
	return nil
}

// relay returns the relay's share of the configuration.
func (c Config) relay() (cfg relay.Config, err error) {
	cfg = relay.DefaultConfig()
	cfg.Broadcast, cfg.Fluff = relay.Kind(c.Broadcast), relay.Kind(c.Fluff)
	if cfg.Dandelion.Routing, err = dandelion.ParseRouting(c.Route); err != nil {
		return cfg, err
	}
	if cfg.Dandelion.Diffusing, err = dandelion.ParseDiffusing(c.Diffusing); err != nil {
		return cfg, err
	}
	cfg.Dandelion.Embargo = c.Embargo
	return cfg, nil
}

// validateChain checks what is kept of the chain, and trusted.
func (c Config) validateChain() error {
	if _, _, err := parseAssumeValid(c.AssumeValid); err != nil {
		return err
	}
	if _, err := parseWork(c.MinChainWork); err != nil {
		return err
	}
	if c.PruneMiB != 0 && c.PruneMiB < minPruneMiB {
		return fmt.Errorf("prune %d MiB is below the least of %d MiB: choose more, or 0 to keep all blocks", c.PruneMiB, minPruneMiB)
	}
	if c.PruneMiB != 0 && c.TxIndex {
		return errors.New("prune and txindex exclude each other: the index needs the blocks that pruning deletes")
	}
	return nil
}
