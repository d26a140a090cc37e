package protocols_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/adverts"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/inventory"
	"github.com/pappus-network/pappus/protocols/invlist"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/protocols/stem"
)

func specification(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestSpecificationBytes holds the examples of docs/protocol.md against what
// the code sends.
func TestSpecificationBytes(t *testing.T) {
	p := &chaincfg.RegressionNetParams
	genesis := *p.GenesisHash
	items := wire.NewMsgGetData()
	if err := items.AddInvVect(wire.NewInvVect(wire.InvTypeWitnessBlock, &genesis)); err != nil {
		t.Fatal(err)
	}
	must := func(payload []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	want := map[envelope.Command][]byte{
		"mempool": nil,
		"getaddr": nil,
		"status": must(status.Status{
			Version: 1, Services: status.Full, Genesis: genesis, Best: genesis,
			Work: blockchain.CalcWork(p.GenesisBlock.Header.Bits), Time: time.Unix(1_800_000_000, 0),
			Nonce: 0x1122334455667788, Agent: "pappus/0.1",
		}.Encode()),
		"getheaders": must(headers.Request{Locator: []chainhash.Hash{genesis}}.Encode()),
		"headers":    must(headers.Encode([]wire.BlockHeader{p.GenesisBlock.Header})),
		"getdata":    must(envelope.Marshal(items)),
		"notfound":   must(envelope.Marshal(items)),
		"inv":        must(invlist.Encode(wire.InvTypeTx, []chainhash.Hash{p.GenesisBlock.Header.MerkleRoot})),
	}
	var coinbase bytes.Buffer
	if err := p.GenesisBlock.Transactions[0].Serialize(&coinbase); err != nil {
		t.Fatal(err)
	}
	want["addr"] = must(addrlist.Encode([]addrlist.Entry{{Seen: time.Unix(1_700_000_000, 0), Record: exampleRecord(t)}}, addresses.MaxPayload))
	want["dandeliontx"] = must(stem.Encode(coinbase.Bytes()))
	found := regexp.MustCompile("(?s)```hex (\\w+)\n([0-9a-f]+)\n```").FindAllStringSubmatch(specification(t), -1)
	if len(found) != len(want) {
		t.Errorf("%d examples in the page, %d here", len(found), len(want))
	}
	for _, m := range found {
		cmd := envelope.Command(m[1])
		payload, ok := want[cmd]
		if got := hex.EncodeToString(envelope.Append(nil, p.Net, cmd, payload)); !ok || got != m[2] {
			t.Errorf("%s\npage %s\ncode %s", cmd, m[2], got)
		}
	}
}

// exampleRecord is signed with the Ed25519 key of the seed 01 … 01.
func exampleRecord(t *testing.T) []byte {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(bytes.NewReader(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := record.Seal(&peer.PeerRecord{PeerID: id, Seq: 7, Addrs: []multiaddr.Multiaddr{
		multiaddr.StringCast("/ip4/1.2.3.4/tcp/8477"), multiaddr.StringCast("/ip4/1.2.3.4/udp/8477/quic-v1"),
	}}, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sealed.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestSpecificationNumbers holds the limits and deadlines of the page against
// the code's.
func TestSpecificationNumbers(t *testing.T) {
	page := specification(t)
	p := &chaincfg.RegressionNetParams
	for _, want := range []string{
		"4,000,000 bytes†", "n ≤ 256† bytes", "n ≤ 2,000†", "n ≤ 101†", "at most 500† blocks", "at most 1,024† transaction ids",
		"varint n ≤ 1,024† ·", "1 to 1,024† headers", "1 to 1,024† ids", "at most 524,288† bytes", "512†",
		"mean of 24 h†", "0.1† a", "1,000† after", "at most 10† entries", "10 min† of", "to 2† peers (8† as", "fewer than 64†", "mean of 5 s†", "1 to 1,024† entries",
		"at most 2,500† peers", "1,048,576† bytes", "varint m ≤ 2,048†",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if envelope.MaxPayload != 4_000_000 || status.MaxAgent != 256 || headers.MaxHeaders != 2000 || headers.MaxLocator != 101 ||
		inventory.MaxBlocks != 500 || inventory.MaxTxs != 1024 || objects.MaxItems != 1024 || announce.MaxEntries != 1024 ||
		addresses.MaxEntries != 2500 || addresses.MaxPayload != 1_048_576 || addrlist.MaxRecord != 2048 ||
		stem.MaxPayload != 524_288 || stem.Spec(p).Requests["dandeliontx"] != stem.MaxPayload {
		t.Error("a limit of the code is not what the page says")
	}
	if c := adverts.DefaultConfig(); c.Own != 24*time.Hour || c.Rate != 0.1 || c.Burst != 1000 || c.Few != 10 || c.Fresh != 10*time.Minute ||
		c.Copies != 2 || c.Flood != 8 || c.Small != 64 || c.Delay != 5*time.Second || c.Again != time.Hour {
		t.Error("a rule for adverts is not what the page says")
	}
	for _, n := range []*chaincfg.Params{
		&chaincfg.MainNetParams, &chaincfg.TestNet4Params, &chaincfg.SigNetParams, &chaincfg.RegressionNetParams, &chaincfg.SimNetParams,
	} {
		start := envelope.Header(n.Net, "x", nil)
		if want := fmt.Sprintf("%s `%x`", n.Name, start[:4]); !strings.Contains(page, want) {
			t.Errorf("the page lacks the start string %s", want)
		}
	}
	for name, spec := range map[string]exchange.Spec{
		"status": status.Spec(p), "headers": headers.Spec(p), "inventory": inventory.Spec(p),
		"addresses": addresses.Spec(p), "objects": objects.Spec(p), "announce": announce.Spec(p), "stem": stem.Spec(p),
	} {
		pace, idle := fmt.Sprintf("%d s, %d KiB/s", int(spec.Grace.Seconds()), spec.Floor>>10), "–"
		if name == "status" {
			pace = fmt.Sprintf("%d s", int(spec.Grace.Seconds()))
		}
		switch {
		case spec.Idle >= time.Hour:
			idle = fmt.Sprintf("%d h", int(spec.Idle.Hours()))
		case spec.Idle > 0:
			idle = fmt.Sprintf("%d min", int(spec.Idle.Minutes()))
		}
		row := fmt.Sprintf("| `%s` | %d s | %d s | %s | %s |", name, int(spec.Open.Seconds()), int(spec.FirstByte.Seconds()), pace, idle)
		if !strings.Contains(page, row) {
			t.Errorf("the page lacks the row %s", row)
		}
		if want := "/pappus/regtest/" + name + "/1"; string(spec.ID) != want {
			t.Errorf("protocol id %s, want %s", spec.ID, want)
		}
	}
}
