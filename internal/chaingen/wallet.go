package chaingen

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// kind of an output: who may spend it is written and proved in three ways.
type kind uint8

const (
	p2pkh kind = iota
	p2wpkh
	p2tr
	kinds = 3
)

// inputBytes is the size of a signed input, its witness included; half of all
// ECDSA signatures are a byte longer.
func (k kind) inputBytes() int {
	return [kinds]int{148, 149, 107}[k]
}

// keyCount is how many keys receive in turn: enough that no cache of the
// validator's has much to win.
const keyCount = 256

// coin is an output that the wallet can spend.
type coin struct {
	at    wire.OutPoint
	value int64 // satoshi
	key   uint8
	kind  kind
}

// key can receive in every kind.
type key struct {
	private *btcec.PrivateKey
	tweaked *btcec.PrivateKey // signs for taproot's output key
	scripts [kinds][]byte
}

// wallet holds the keys that follow from a seed. It is safe for concurrent use.
type wallet struct {
	// keys are made at their first use: many a test needs only a few.
	keys [keyCount]func() *key
}

func newWallet(seed uint64) *wallet {
	w := new(wallet)
	for i := range w.keys {
		w.keys[i] = sync.OnceValue(func() *key {
			text := binary.BigEndian.AppendUint64([]byte("pappus chaingen key "), seed)
			return newKey(sha256.Sum256(append(text, byte(i))))
		})
	}
	return w
}

func newKey(secret [32]byte) *key {
	private, public := btcec.PrivKeyFromBytes(secret[:])
	hash := address.Hash160(public.SerializeCompressed())
	output := txscript.ComputeTaprootKeyNoScript(public)
	return &key{
		private: private,
		tweaked: txscript.TweakTaprootPrivKey(*private, nil),
		scripts: [kinds][]byte{
			p2pkh: script(txscript.NewScriptBuilder().AddOp(txscript.OP_DUP).AddOp(txscript.OP_HASH160).
				AddData(hash).AddOp(txscript.OP_EQUALVERIFY).AddOp(txscript.OP_CHECKSIG)),
			p2wpkh: script(txscript.NewScriptBuilder().AddOp(txscript.OP_0).AddData(hash)),
			p2tr:   script(txscript.NewScriptBuilder().AddOp(txscript.OP_1).AddData(schnorr.SerializePubKey(output))),
		},
	}
}

// script panics where a script of fixed form is too long, which cannot be.
func script(b *txscript.ScriptBuilder) []byte {
	s, err := b.Script()
	if err != nil {
		panic(fmt.Sprintf("chaingen: %v", err))
	}
	return s
}

// output pays the coin's value to its key.
func (w *wallet) output(c coin) *wire.TxOut {
	return wire.NewTxOut(c.value, w.keys[c.key]().scripts[c.kind])
}

// sign signs every input. spent are the coins in the order of the inputs. The
// signatures follow from key and message alone (RFC 6979, also for Schnorr).
func (w *wallet) sign(tx *wire.MsgTx, spent []coin) error {
	outputs := make(map[wire.OutPoint]*wire.TxOut, len(spent))
	segwit := false
	for _, c := range spent {
		outputs[c.at] = w.output(c)
		segwit = segwit || c.kind != p2pkh
	}
	var hashes *txscript.TxSigHashes
	fetcher := txscript.NewMultiPrevOutFetcher(outputs)
	if segwit {
		hashes = txscript.NewTxSigHashes(tx, fetcher)
	}
	for i, c := range spent {
		if err := w.signInput(tx, i, c, hashes, fetcher); err != nil {
			return fmt.Errorf("sign input %d: %w", i, err)
		}
	}
	return nil
}

func (w *wallet) signInput(tx *wire.MsgTx, i int, c coin, hashes *txscript.TxSigHashes, fetcher txscript.PrevOutputFetcher) (err error) {
	in, k := tx.TxIn[i], w.keys[c.key]()
	script := k.scripts[c.kind]
	switch c.kind {
	case p2pkh:
		in.SignatureScript, err = txscript.SignatureScript(tx, i, script, txscript.SigHashAll, k.private, true)
	case p2wpkh:
		in.Witness, err = txscript.WitnessSignature(tx, hashes, i, c.value, script, txscript.SigHashAll, k.private, true)
	case p2tr:
		in.Witness, err = k.taprootWitness(tx, i, hashes, fetcher)
	default:
		err = fmt.Errorf("unknown kind of output %d", c.kind)
	}
	return err
}

// taprootWitness is what txscript.TaprootWitnessSignature makes, without that one's
// tweaking of the key and checking of the signature each time.
func (k *key) taprootWitness(tx *wire.MsgTx, i int, hashes *txscript.TxSigHashes, fetcher txscript.PrevOutputFetcher) (wire.TxWitness, error) {
	hash, err := txscript.CalcTaprootSignatureHash(hashes, txscript.SigHashDefault, tx, i, fetcher)
	if err != nil {
		return nil, err
	}
	signature, err := schnorr.Sign(k.tweaked, hash, schnorr.FastSign())
	if err != nil {
		return nil, err
	}
	return wire.TxWitness{signature.Serialize()}, nil
}
