package chaingen

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

const (
	// blockVersion signals CSV (bit 0), segwit (1) and taproot (2) after BIP 9.
	blockVersion = 0x20000007

	// txVersion is the least that has relative lock times (BIP 68).
	txVersion = 2
)

// place is where a block goes.
type place struct {
	parent chainhash.Hash
	height int32
	time   time.Time
}

// label tells apart coinbases, and thereby blocks, that are otherwise equal.
type label struct {
	seed   uint64
	branch uint32
}

// newCoinbase returns a coinbase without outputs. Its script begins with the height
// (BIP 34).
func newCoinbase(height int32, l label) *wire.MsgTx {
	text := binary.BigEndian.AppendUint64(nil, l.seed)
	text = binary.BigEndian.AppendUint32(text, l.branch)
	tx := wire.NewMsgTx(txVersion)
	tx.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  script(txscript.NewScriptBuilder().AddInt64(int64(height)).AddData(text)),
		Sequence:         wire.MaxTxInSequenceNum,
	})
	return tx
}

// dataOutput returns an output of a whole size in bytes that nobody can spend, and
// the part of it that may hold anything. The least size is [minDataOutput].
func dataOutput(size int) (*wire.TxOut, []byte) {
	n := size - minDataOutput
	if n > 0 {
		n -= wire.VarIntSerializeSize(uint64(n+dataOpcodes)) - 1
	}
	s := make([]byte, dataOpcodes, dataOpcodes+n)
	s[0], s[1] = txscript.OP_RETURN, txscript.OP_PUSHDATA4
	binary.LittleEndian.PutUint32(s[2:], uint32(n))
	s = s[:dataOpcodes+n]
	return wire.NewTxOut(0, s), s[dataOpcodes:]
}

const (
	dataOpcodes   = 6                   // OP_RETURN, OP_PUSHDATA4 and its length
	minDataOutput = 8 + 1 + dataOpcodes // value and length of the script
)

// assemble makes a block of a finished coinbase and signed transactions: commits to
// their witnesses, if they have any, and solves the header.
func assemble(at place, coinbase *wire.MsgTx, txs []*btcutil.Tx) (*btcutil.Block, error) {
	first := btcutil.NewTx(coinbase)
	all := append([]*btcutil.Tx{first}, txs...)
	for _, tx := range txs {
		if tx.HasWitness() {
			mining.AddWitnessCommitment(first, all)
			break
		}
	}
	msg := &wire.MsgBlock{Header: wire.BlockHeader{
		Version:    blockVersion,
		PrevBlock:  at.parent,
		MerkleRoot: blockchain.CalcMerkleRoot(all, false),
		Timestamp:  at.time,
		Bits:       easyBits,
	}}
	for _, tx := range all {
		msg.Transactions = append(msg.Transactions, tx.MsgTx())
	}
	solve(&msg.Header)
	return finish(msg, at.height)
}

// finish gives a block its bytes, so that nobody has to encode it again.
func finish(msg *wire.MsgBlock, height int32) (*btcutil.Block, error) {
	buf := bytes.NewBuffer(make([]byte, 0, msg.SerializeSize()))
	if err := msg.Serialize(buf); err != nil {
		return nil, fmt.Errorf("encode block %d: %w", height, err)
	}
	block := btcutil.NewBlockFromBlockAndBytes(msg, buf.Bytes())
	block.SetHeight(height)
	return block, nil
}

// solve looks for the least nonce that fits; at this difficulty it takes two tries.
func solve(header *wire.BlockHeader) {
	target := blockchain.CompactToBig(header.Bits)
	for header.Nonce = 0; ; header.Nonce++ {
		hash := header.BlockHash()
		if blockchain.HashToBig(&hash).Cmp(target) <= 0 {
			return
		}
	}
}

// Headers returns n headers on top of a parent, without blocks to them: their
// merkle roots are drawn from the seed, so that different seeds fork.
func Headers(parent wire.BlockHeader, n int, seed uint64) []wire.BlockHeader {
	headers := make([]wire.BlockHeader, 0, n)
	for i := range n {
		text := binary.BigEndian.AppendUint64(nil, seed)
		header := wire.BlockHeader{
			Version:    blockVersion,
			PrevBlock:  parent.BlockHash(),
			MerkleRoot: chainhash.DoubleHashH(binary.BigEndian.AppendUint64(text, uint64(i))),
			Timestamp:  parent.Timestamp.Add(defaultStep),
			Bits:       easyBits,
		}
		solve(&header)
		headers = append(headers, header)
		parent = header
	}
	return headers
}
