package chain

import (
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"

	"github.com/pappus-network/pappus/chain/txpool"
)

// What the mempool takes: the standard policy of btcd, whose values it leaves to the
// program around it.
const (
	maxTxVersion = 2                                 // BIP 68's; btcd has no rules for version 3
	maxTxSigOps  = blockchain.MaxBlockSigOpsCost / 4 // a quarter of a block's. Source: btcd
)

func (c *Chain) newMempool() *txpool.Pool {
	pool := txpool.New(c.cfg.Mempool, mempool.Config{
		Policy: mempool.Policy{
			MaxTxVersion:         maxTxVersion,
			DisableRelayPriority: true,
			AcceptNonStd:         c.params.RelayNonStdTxs,
			MaxSigOpCostPerTx:    maxTxSigOps,
		},
		ChainParams:    c.own,
		FetchUtxoView:  c.outputs,
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
		SigCache: c.sigs,
	})
	pool.KnowMined(c.mined)
	return pool
}

// indexed says whether the index has a transaction.
func (c *Chain) indexed(txid chainhash.Hash) bool {
	c.swapping.RLock()
	defer c.swapping.RUnlock()
	if c.txs == nil {
		return false
	}
	region, err := c.txs.TxBlockRegion(&txid)
	return err == nil && region != nil
}

// Mempool returns the transactions that wait for a block.
func (c *Chain) Mempool() *txpool.Pool { return c.pool }

// Submit validates a transaction of the operator's and puts it into the mempool. The
// error is a *[txpool.RejectError].
func (c *Chain) Submit(tx *btcutil.Tx) error {
	_, err := c.pool.Submit(localClock{}.AdjustedTime(), tx, "")
	return err
}

// confirm takes what a new block holds, or makes impossible, out of the mempool.
func (c *Chain) confirm(b *btcutil.Block) { c.pool.Confirm(localClock{}.AdjustedTime(), b) }

// settle brings the transactions of blocks that have left the main chain back into
// the mempool, once the new chain is connected.
func (c *Chain) settle() { c.pool.Settle(localClock{}.AdjustedTime()) }
