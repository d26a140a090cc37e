package stempool

import (
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// What holding a transaction takes beside its scripts, in bytes, by estimate: btcd's
// descriptor and ours with their places in three maps; an input with its places in
// two; an output; a slice. An edge that holds anything has a pool of btcd's.
const (
	txOverhead   = 1200
	inOverhead   = 300
	outOverhead  = 64
	itemOverhead = 24
	edgeOverhead = 3000
)

// memory is what holding a transaction takes, in bytes. It is far above its size
// for one of many empty witness items, which are 1 byte each on the wire.
func memory(tx *btcutil.Tx) int {
	n := txOverhead
	for _, in := range tx.MsgTx().TxIn {
		n += inOverhead + len(in.SignatureScript)
		for _, item := range in.Witness {
			n += itemOverhead + len(item)
		}
	}
	for _, out := range tx.MsgTx().TxOut {
		n += outOverhead + len(out.PkScript)
	}
	return n
}

const (
	maxChecks       = blockchain.MaxBlockSigOpsCost // more is not looked for
	maxBareKeys     = 3                             // of bare multisignature. Source: btcd's maxStandardMultiSigKeys
	annexTag        = 0x50                          // BIP 341
	leafMask        = 0xfe                          // BIP 341
	leafTapscript   = 0xc0                          // BIP 342
	controlBase     = 33                            // bytes of a control block without its path. Source: BIP 341
	controlNode     = 32                            // and of each step of the path
	bytesPerTapSig  = 50                            // of witness that each signature takes. Source: BIP 342
	maxScriptSize   = txscript.MaxScriptSize        // 10,000 bytes; longer ones fail unread
	p2shProgramSize = 20
)

// p2sh is a script of the kind that takes the script to run from its input.
var p2sh = append(append([]byte{txscript.OP_HASH160, txscript.OP_DATA_20}, make([]byte, p2shProgramSize)...), txscript.OP_EQUAL)

// checks bounds from above the signatures that validating a transaction verifies. It
// is asked before anything is looked up, so it does not know what is spent and takes
// the most that an input's shape allows.
func checks(tx *btcutil.Tx) int {
	n := 0
	for _, in := range tx.MsgTx().TxIn {
		n += max(1, inputChecks(in))
	}
	return min(n, maxChecks)
}

func inputChecks(in *wire.TxIn) int {
	n := txscript.GetPreciseSigOpCount(in.SignatureScript, p2sh, true)
	if len(in.SignatureScript) > 0 && in.SignatureScript[0] == txscript.OP_0 {
		n = max(n, maxBareKeys) // a multisignature's dummy
	}
	return n + witnessChecks(in.Witness)
}

func witnessChecks(w wire.TxWitness) int {
	if len(w) > 1 && len(w[len(w)-1]) > 0 && w[len(w)-1][0] == annexTag {
		w = w[:len(w)-1]
	}
	if len(w) == 0 {
		return 0
	}
	last := w[len(w)-1]
	// A script of version 0 that begins as a control block does fails at once.
	if len(w) > 1 && len(last) >= controlBase && (len(last)-controlBase)%controlNode == 0 && last[0]&leafMask == leafTapscript {
		return 1 + w.SerializeSize()/bytesPerTapSig
	}
	if len(last) > maxScriptSize {
		return 0
	}
	return max(1, txscript.GetPreciseSigOpCount(nil, last, true))
}
