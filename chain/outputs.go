package chain

import (
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// bytesPerLookup is for how many bytes of btcd's cache of unspent outputs the mempool
// may look one up before the cache is written and emptied: after 104,000 for 64 MiB, a
// tenth of what its map has room for. btcd keeps also what it did not find, without counting
// it, and beyond that room it makes a map for each further output and looks through
// all: 10,000 lookups take 10 ms before and seconds after. Emptying costs 4 µs for
// each that was not found: strangers pay 41 bytes for that.
const bytesPerLookup = 640

// maxProbed is how many outputs of a transaction are looked for to tell whether it is
// mined. Most have two.
const maxProbed = 8

// outputs looks up what a transaction spends. It waits for a block under validation.
func (c *Chain) outputs(tx *btcutil.Tx) (*blockchain.UtxoViewpoint, error) {
	// Not its own outputs, which btcd would look up as well: nobody pays for those, and
	// they are not there but for one that is mined.
	inputs := &wire.MsgTx{Version: tx.MsgTx().Version, TxIn: tx.MsgTx().TxIn}
	c.looking.Lock()
	defer c.looking.Unlock()
	consensus, done := c.use()
	defer done()
	view, err := consensus.FetchUtxoView(btcutil.NewTx(inputs))
	if err != nil {
		return nil, fmt.Errorf("look up outputs: %w", err)
	}
	return view, c.looked(consensus, len(inputs.TxIn))
}

// mined says whether a transaction is in the chain, as far as that can be told: it has
// an output unspent, or there is an index.
func (c *Chain) mined(tx *btcutil.Tx) bool {
	return c.indexed(*tx.Hash()) || c.unspent(tx)
}

func (c *Chain) unspent(tx *btcutil.Tx) bool {
	c.looking.Lock()
	defer c.looking.Unlock()
	consensus, done := c.use()
	defer done()
	n := min(len(tx.MsgTx().TxOut), maxProbed)
	if err := c.looked(consensus, n); err != nil {
		return false // nobody's fault; the next lookup fails the same way
	}
	for i := range n {
		e, err := consensus.FetchUtxoEntry(wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}) // few
		if err == nil && e != nil && !e.IsSpent() {
			return true
		}
	}
	return false
}

// looked counts lookups, under looking, and empties the cache when it is time and the
// disk has room for what that writes.
func (c *Chain) looked(consensus *blockchain.BlockChain, n int) error {
	if c.lookups += uint64(n); c.lookups*bytesPerLookup < c.cfg.UTXOCache { // n counts slices
		return nil
	}
	if !c.disk.ample() {
		return nil // the next block finds out
	}
	c.lookups = 0
	if err := consensus.FlushUtxoCache(blockchain.FlushRequired); err != nil {
		return fmt.Errorf("write unspent outputs: %w", err)
	}
	return nil
}
