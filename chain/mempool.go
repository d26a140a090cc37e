package chain

import (
	"bytes"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/wire/v2"
)

// MinRelayFee is the least fee of a transaction that is taken, in satoshi per kvB.
// Source: mempool.DefaultMinRelayTxFee.
const MinRelayFee = 1000

// What the mempool takes: the standard policy of btcd, whose values it leaves to the
// program around it.
const (
	maxTxVersion  = 2                                 // BIP 68's; btcd has no rules for version 3
	maxOrphans    = 100                               // transactions. Source: btcd's defaultMaxOrphanTransactions
	maxOrphanSize = 100_000                           // bytes. Source: btcd's defaultMaxOrphanTxSize
	maxTxSigOps   = blockchain.MaxBlockSigOpsCost / 4 // a quarter of a block's. Source: btcd
)

func (c *Chain) newMempool() *mempool.TxPool {
	return mempool.New(&mempool.Config{
		Policy: mempool.Policy{
			MaxTxVersion:         maxTxVersion,
			DisableRelayPriority: true,
			AcceptNonStd:         c.params.RelayNonStdTxs,
			MaxOrphanTxs:         maxOrphans,
			MaxOrphanTxSize:      maxOrphanSize,
			MaxSigOpCostPerTx:    maxTxSigOps,
			MinRelayTxFee:        MinRelayFee,
		},
		ChainParams: c.own,
		FetchUtxoView: func(tx *btcutil.Tx) (*blockchain.UtxoViewpoint, error) {
			consensus, done := c.use()
			defer done()
			return consensus.FetchUtxoView(tx)
		},
		BestHeight:     func() int32 { return c.Tip().Height },
		MedianTimePast: func() time.Time { return c.Tip().MedianTime },
		CalcSequenceLock: func(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
			consensus, done := c.use()
			defer done()
			return consensus.CalcSequenceLock(tx, view, true)
		},
		IsDeploymentActive: func(id uint32) (bool, error) {
			consensus, done := c.use()
			defer done()
			return consensus.IsDeploymentActive(id)
		},
		SigCache:  c.sigs,
		HashCache: c.hashes,
	})
}

// Mempool returns the transactions that wait for a block. Read it as you like; let
// [Chain.Submit] add to it.
func (c *Chain) Mempool() *mempool.TxPool { return c.pool }

// MempoolHashes returns the ids of at most so many waiting transactions.
func (c *Chain) MempoolHashes(most int) []chainhash.Hash {
	pointers := c.pool.TxHashes()
	hashes := make([]chainhash.Hash, 0, min(most, len(pointers)))
	for _, h := range pointers[:min(most, len(pointers))] {
		hashes = append(hashes, *h)
	}
	return hashes
}

// Submit validates a transaction and puts it into the mempool. A broken rule is found in
// the error as a mempool.RuleError.
func (c *Chain) Submit(tx *btcutil.Tx) error {
	if _, err := c.pool.ProcessTransaction(tx, false, false, 0); err != nil {
		return fmt.Errorf("submit transaction %v: %w", tx.Hash(), err)
	}
	return nil
}

// confirm takes what a new block holds, or makes impossible, out of the mempool.
func (c *Chain) confirm(b *btcutil.Block) {
	// While the chain is being synced nothing waits, and orphans are not admitted.
	if c.pool.Count() == 0 {
		return
	}
	for _, tx := range b.Transactions()[1:] {
		c.pool.RemoveTransaction(tx, false)
		c.pool.RemoveDoubleSpends(tx)
		c.pool.RemoveOrphan(tx)
		c.pool.ProcessOrphans(tx)
	}
}

// readmit puts the transactions of a block that left the main chain back into the
// mempool. One that is not taken back takes those with it that spend from it.
func (c *Chain) readmit(b *btcutil.Block) {
	for _, tx := range b.Transactions()[1:] {
		if _, _, err := c.pool.MaybeAcceptTransaction(tx, false, false); err != nil {
			c.pool.RemoveTransaction(tx, true)
		}
	}
}

func serializeTx(tx *wire.MsgTx) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, tx.SerializeSize()))
	if err := tx.Serialize(w); err != nil {
		return nil, fmt.Errorf("serialize transaction %v: %w", tx.TxHash(), err)
	}
	return w.Bytes(), nil
}
