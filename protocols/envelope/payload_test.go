package envelope

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

func TestMarshalAndUnmarshalABlock(t *testing.T) {
	genesis := chaincfg.MainNetParams.GenesisBlock
	payload, err := Marshal(genesis)
	if err != nil {
		t.Fatal(err)
	}
	if len(payload) != 285 { // the genesis block's size, known to all
		t.Errorf("%d bytes, want 285", len(payload))
	}
	var got wire.MsgBlock
	if err := Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	if got.BlockHash() != *chaincfg.MainNetParams.GenesisHash {
		t.Errorf("hash %v", got.BlockHash())
	}
	again, err := Marshal(&got)
	if err != nil || !bytes.Equal(again, payload) {
		t.Errorf("encoded again: %x, %v", again, err)
	}
}

func TestUnmarshalFaults(t *testing.T) {
	payload, err := Marshal(chaincfg.MainNetParams.GenesisBlock)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		payload []byte
		into    Decoder
		want    events.Reason
	}{
		{"the last byte is missing", payload[:len(payload)-1], &wire.MsgBlock{}, events.Malformed},
		{"a byte too many", append(bytes.Clone(payload), 0), &wire.MsgBlock{}, events.TrailingBytes},
		{"nothing", nil, &wire.MsgBlock{}, events.Malformed},
		{"2^32 transactions", append(bytes.Clone(payload[:80]), 0xff, 0, 0, 0, 0, 1, 0, 0, 0), &wire.MsgBlock{}, events.Malformed},
		{"2,001 headers", append([]byte{0xfd, 0xd1, 0x07}, make([]byte, 2001*81)...), &wire.MsgHeaders{}, events.Malformed},
		{"a byte in an empty message", []byte{0}, &wire.MsgMemPool{}, events.TrailingBytes},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { wantFault(t, Unmarshal(c.payload, c.into), c.want) })
	}
}

func TestMarshalReturnsTheEncodersError(t *testing.T) {
	inv := wire.NewMsgInv()
	inv.InvList = make([]*wire.InvVect, wire.MaxInvPerMsg+1)
	if _, err := Marshal(inv); err == nil {
		t.Error("50,001 entries were encoded")
	}
}
