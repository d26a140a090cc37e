package api

import (
	"bytes"
	"context"
	"errors"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
)

// Rules answers what the chain's rules are, and takes headers that follow them.
type Rules interface {
	Deployments() ([]chain.Deployment, error)
	// SubmitHeader validates a header whose parent is known and keeps it.
	SubmitHeader(header wire.BlockHeader) error
}

func (d *dispatcher) deploymentMethod() method {
	return method{
		name: "getdeploymentinfo", handle: d.getDeploymentInfo,
		args:    []argument{{name: "blockhash", optional: true}},
		summary: "Returns which changes of the rules are in force for the block after the tip. Of other blocks than the tip it is not known here.",
	}
}

func (d *dispatcher) submitHeaderMethod() method {
	return method{
		name: "submitheader", handle: d.submitHeader,
		args:    []argument{{name: "hexdata"}},
		summary: "Validates a header given in hexadecimal and keeps it, for somebody to bring its block. Its parent has to be known. Returns null.",
	}
}

// deployment is one change of the rules in getdeploymentinfo.
type deployment struct {
	Type   string    `json:"type"`
	Active bool      `json:"active"`
	Height *int32    `json:"height,omitempty"` // of buried ones
	BIP9   *bip9Info `json:"bip9,omitempty"`
}

type bip9Info struct {
	Bit       uint8  `json:"bit"`
	Start     int64  `json:"start_time"`
	Timeout   int64  `json:"timeout"`
	MinHeight uint32 `json:"min_activation_height"`
	Status    string `json:"status"`
}

func (d *dispatcher) getDeploymentInfo(_ context.Context, a arguments) (any, error) {
	tip := d.Chain.Tip()
	if a.given(0) {
		hash, err := a.hash(0)
		if err != nil {
			return nil, err
		}
		if !d.Chain.Headers().Has(hash) {
			return nil, refuse(btcjson.ErrRPCBlockNotFound, "Block not found")
		}
		if hash != tip.Hash {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Only of the tip is it known: leave blockhash out")
		}
	}
	all := make(map[string]deployment)
	for name, height := range map[string]int32{"bip34": d.Params.BIP0034Height, "bip65": d.Params.BIP0065Height, "bip66": d.Params.BIP0066Height} {
		all[name] = deployment{Type: "buried", Active: tip.Height+1 >= height, Height: &height}
	}
	changes, err := d.Rules.Deployments()
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		all[c.Name] = deployment{Type: "bip9", Active: c.State == "active", BIP9: &bip9Info{
			Bit: c.Bit, Start: unix(c.Start), Timeout: unix(c.End), MinHeight: c.MinHeight, Status: c.State,
		}}
	}
	return struct {
		Hash   string                `json:"hash"`
		Height int32                 `json:"height"`
		All    map[string]deployment `json:"deployments"`
	}{tip.Hash.String(), tip.Height, all}, nil
}

func (d *dispatcher) submitHeader(_ context.Context, a arguments) (any, error) {
	raw, err := a.bytes(0, "Block header")
	if err != nil {
		return nil, err
	}
	var h wire.BlockHeader
	if len(raw) != wire.MaxBlockHeaderPayload || h.Deserialize(bytes.NewReader(raw)) != nil {
		return nil, refuse(btcjson.ErrRPCDeserialization, "Block header decode failed")
	}
	if !d.Chain.Headers().Has(h.PrevBlock) {
		return nil, refuse(btcjson.ErrRPCVerify, "Must submit previous header (%v) first", h.PrevBlock)
	}
	err = d.Rules.SubmitHeader(h)
	if broken, ok := errors.AsType[*headertree.HeaderError](err); ok {
		return nil, refuse(btcjson.ErrRPCVerify, "%s: %v", broken.Reason, broken.Err)
	}
	return nil, err
}
