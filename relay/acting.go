package relay

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/events"
)

// act carries out what the router says.
func (s *stemming) act(actions []dandelion.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case dandelion.Stem:
			s.send(a)
		case dandelion.Fluff:
			s.emit(events.TxFluffed{Tx: a.Tx, Cause: a.Cause.String()})
			s.release(a.Tx, a.Except, a.Cause.String())
		case dandelion.Wait:
			s.own.Waiting(a.Tx, a.Until)
		}
	}
	if len(actions) > 0 {
		nudge(s.wake)
	}
}

// send hands a transaction to the next peer of its stem.
func (s *stemming) send(a dandelion.Stem) {
	s.lock()
	tx, ok := s.stems.Get(a.Tx)
	if ok {
		s.keep(a.Tx, tx) // it is not handed on again after a restart
	}
	s.mu.Unlock()
	if !ok {
		return // fluffed meanwhile
	}
	raw, err := serialize(tx)
	if err != nil {
		s.failed(a.Tx, a.To)
		return
	}
	s.own.Stemmed(time.Now(), a.Tx, a.Until)
	s.emit(events.TxStemmed{Tx: a.Tx, To: a.To})
	s.stem.Send(a.To, raw, func(error) { s.failed(a.Tx, a.To) })
}

// failed tries the other stem, or fluffs.
func (s *stemming) failed(tx chainhash.Hash, to peer.ID) {
	s.lock()
	actions := s.router.Failed(time.Now(), tx, to)
	s.mu.Unlock()
	s.act(actions)
}

// release ends a stem here: what a transaction spends from its stempool first,
// then itself, goes into the mempool and spreads.
func (s *stemming) release(hash chainhash.Hash, except peer.ID, cause string) {
	for _, tx := range s.lineage(hash) {
		if *tx.Hash() != hash {
			s.lock()
			s.router.Seen(*tx.Hash())
			s.mu.Unlock()
		}
		s.own.Fluffed(time.Now(), *tx.Hash(), cause)
		if why := lost(s.intake.submit(tx, except)); why != "" {
			// Valid when it came, and not any more: its inputs were spent, or the
			// mempool is too full for its fee.
			s.own.Dropped(time.Now(), *tx.Hash(), string(why))
		}
	}
}

// lineage takes a transaction and those of the stempool that it spends from out
// of it, parents first.
func (s *stemming) lineage(hash chainhash.Hash) []*btcutil.Tx {
	s.lock()
	defer s.mu.Unlock()
	var line []*btcutil.Tx
	for queue := []chainhash.Hash{hash}; len(queue) > 0; queue = queue[1:] {
		tx, ok := s.stems.Take(queue[0])
		if !ok {
			continue
		}
		s.shelf.Delete(queue[0])
		line = append(line, tx)
		for _, in := range tx.MsgTx().TxIn {
			queue = append(queue, in.PreviousOutPoint.Hash)
		}
	}
	slices.Reverse(line)
	return line
}
