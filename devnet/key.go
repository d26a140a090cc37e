package devnet

import (
	"crypto/sha256"
	"fmt"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// key is who may spend: pay to public key hash, which every rule of every height knows.
type key struct {
	private *btcec.PrivateKey
	script  []byte
	address string
}

// newKey makes the key of a name: the coins are worth nothing, and a network that was kept
// is to find them again.
func newKey(name string, params *chaincfg.Params) (*key, error) {
	secret := sha256.Sum256([]byte("pappus devnet key " + name))
	private, public := btcec.PrivKeyFromBytes(secret[:])
	to, err := address.NewAddressPubKeyHash(address.Hash160(public.SerializeCompressed()), params)
	if err != nil {
		return nil, fmt.Errorf("make the address of %s: %w", name, err)
	}
	script, err := txscript.PayToAddrScript(to)
	if err != nil {
		return nil, fmt.Errorf("make the script of %s: %w", name, err)
	}
	return &key{private, script, to.EncodeAddress()}, nil
}

// sign signs all inputs, which spend outputs of this key.
func (k *key) sign(tx *wire.MsgTx) error {
	for i, in := range tx.TxIn {
		proof, err := txscript.SignatureScript(tx, i, k.script, txscript.SigHashAll, k.private, true)
		if err != nil {
			return fmt.Errorf("sign input %d: %w", i, err)
		}
		in.SignatureScript = proof
	}
	return nil
}
