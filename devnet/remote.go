package devnet

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/events"
)

// refusedFor is how long a ban lasts that parts the network: longer than the network does.
const refusedFor = 10 * 365 * 24 * time.Hour

// remote is a node in a process of its own. It is asked over its API, as operators and
// scripts do.
type remote struct {
	shown
	api  *client.Client
	addr peer.AddrInfo
}

// newRemote finds the node that runs in a network's folder.
func newRemote(dir string) (*remote, error) {
	c, err := client.Dial(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "addrs"))
	if err != nil {
		return nil, fmt.Errorf("read where the node listens: %w", err)
	}
	var addrs []multiaddr.Multiaddr
	for line := range strings.FieldsSeq(string(text)) {
		a, err := multiaddr.NewMultiaddr(line)
		if err != nil {
			return nil, fmt.Errorf("read where the node listens: %w", err)
		}
		addrs = append(addrs, a)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(addrs...)
	if err != nil || len(infos) != 1 {
		return nil, fmt.Errorf("read where the node listens: %d peers in %q: %w", len(infos), text, err)
	}
	return &remote{shown{c}, c, infos[0]}, nil
}

// Addr implements linker.
func (r *remote) Addr() peer.AddrInfo { return r.addr }

// Linked implements linker.
func (r *remote) Linked(ctx context.Context) (map[peer.ID]bool, error) {
	var peers []struct {
		ID peer.ID `json:"peerid"`
	}
	if err := r.api.Call(ctx, "getpeerinfo", nil, &peers); err != nil {
		return nil, err
	}
	all := make(map[peer.ID]bool)
	for _, p := range peers {
		all[p.ID] = true
	}
	return all, nil
}

// Dial implements linker.
func (r *remote) Dial(ctx context.Context, to peer.AddrInfo) error {
	addrs, err := peer.AddrInfoToP2pAddrs(&to)
	if err != nil || len(addrs) == 0 {
		return fmt.Errorf("%s has %d addresses: %w", to.ID, len(addrs), err)
	}
	return r.api.Call(ctx, "addnode", []any{addrs[0].String(), "onetry"}, nil)
}

// Refuse implements linker, by bans. They outlive the process: those of an earlier one
// are lifted like others.
func (r *remote) Refuse(ctx context.Context, peers map[peer.ID]bool) error {
	var bans []struct {
		Address string `json:"address"`
		Manual  bool   `json:"manual"`
	}
	if err := r.api.Call(ctx, "listbanned", nil, &bans); err != nil {
		return err
	}
	held := make(map[peer.ID]bool)
	for _, b := range bans {
		p, err := peer.Decode(b.Address)
		switch {
		case err != nil || !b.Manual: // the node's own business
		case peers[p]:
			held[p] = true
		default:
			if err := r.api.Call(ctx, "setban", []any{b.Address, "remove"}, nil); err != nil {
				return err
			}
		}
	}
	for p := range peers {
		if held[p] {
			continue
		}
		if err := r.api.Call(ctx, "setban", []any{p.String(), "add", int64(refusedFor / time.Second)}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Tip implements ledger.
func (r *remote) Tip(ctx context.Context) (tip, error) {
	var info struct {
		Blocks  int32  `json:"blocks"`
		Headers int32  `json:"headers"`
		Best    string `json:"bestblockhash"`
	}
	if err := r.api.Call(ctx, "getblockchaininfo", nil, &info); err != nil {
		return tip{}, err
	}
	hash, err := chainhash.NewHashFromStr(info.Best)
	if err != nil {
		return tip{}, fmt.Errorf("read the tip's hash: %w", err)
	}
	return tip{*hash, info.Blocks, info.Blocks < info.Headers}, nil
}

// Block implements ledger.
func (r *remote) Block(ctx context.Context, hash chainhash.Hash) (*btcutil.Block, error) {
	var text string
	if err := r.api.Call(ctx, "getblock", []any{hash.String(), 0}, &text); err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read block %s: %w", hash, err)
	}
	return btcutil.NewBlockFromBytes(raw)
}

// Mine implements ledger.
func (r *remote) Mine(ctx context.Context, to *key, count int) ([]chainhash.Hash, error) {
	var texts []string
	if err := r.api.Call(ctx, "generatetoaddress", []any{count, to.address}, &texts); err != nil {
		return nil, err
	}
	found := make([]chainhash.Hash, len(texts))
	for i, text := range texts {
		hash, err := chainhash.NewHashFromStr(text)
		if err != nil {
			return nil, fmt.Errorf("read a mined block's hash: %w", err)
		}
		found[i] = *hash
	}
	return found, nil
}

// Settle implements ledger.
func (r *remote) Settle(ctx context.Context, to *key, tx *btcutil.Tx) (chainhash.Hash, error) {
	text, err := encoded(tx)
	if err != nil {
		return chainhash.Hash{}, err
	}
	var mined struct {
		Hash string `json:"hash"`
	}
	if err := r.api.Call(ctx, "generateblock", []any{to.address, []string{text}}, &mined); err != nil {
		return chainhash.Hash{}, err
	}
	hash, err := chainhash.NewHashFromStr(mined.Hash)
	if err != nil {
		return chainhash.Hash{}, fmt.Errorf("read a mined block's hash: %w", err)
	}
	return *hash, nil
}

// Submit implements ledger.
func (r *remote) Submit(ctx context.Context, tx *btcutil.Tx) error {
	text, err := encoded(tx)
	if err != nil {
		return err
	}
	return r.api.Call(ctx, "sendrawtransaction", []any{text}, nil)
}

func encoded(tx *btcutil.Tx) (string, error) {
	var raw bytes.Buffer
	if err := tx.MsgTx().Serialize(&raw); err != nil {
		return "", fmt.Errorf("encode the transaction: %w", err)
	}
	return hex.EncodeToString(raw.Bytes()), nil
}

// Picture implements engine.
func (r *remote) Picture(ctx context.Context) (dashboard.Dot, []dashboard.Edge, error) {
	var n dashboard.Network
	if err := r.api.Get(ctx, "network", &n); err != nil {
		return dashboard.Dot{}, nil, err
	}
	if len(n.Nodes) == 0 || !n.Nodes[0].Self {
		return dashboard.Dot{}, nil, fmt.Errorf("the node at %s does not show itself first", r.addr)
	}
	dot := n.Nodes[0]
	dot.Self = false
	var links []dashboard.Edge
	for _, l := range n.Links {
		if l.From == dot.ID {
			links = append(links, l)
		}
	}
	return dot, links, nil
}

// Follow implements engine. Events come some 100 ms late, with the time at which they
// happened.
func (r *remote) Follow(ctx context.Context, begun func(), tell func(time.Time, events.Event)) error {
	var unread error
	err := r.api.Follow(ctx, nil, begun, func(kind string, data []byte) {
		at, e, err := dashboard.Read(kind, data)
		if err != nil && unread == nil {
			unread = err
		}
		if e != nil {
			tell(at, e)
		}
	})
	if unread != nil {
		return unread
	}
	return err
}

var _ engine = (*remote)(nil)
