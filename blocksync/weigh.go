package blocksync

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// antiDoSBlocks is how many blocks' work a chain may be below our best and
// still be stored: a day's. Source: Bitcoin Core's GetAntiDoSWorkThreshold
// (src/net_processing.cpp).
const antiDoSBlocks = 144

// kind is what a row of headers is to us.
type kind int

const (
	unconnected kind = iota // the first header's parent is not in the tree
	known                   // all are in the tree
	light                   // some are new, and carry less work than we ask for
	heavy                   // some are new, and carry enough work to be stored
)

// weighed is a row of headers held against the tree.
type weighed struct {
	kind   kind
	known  int              // how many of the first are in the tree
	parent headertree.Entry // of the first new one
	floor  *big.Int         // the work that was asked for
}

// weigh says what linked headers are to us. It looks at the work that they
// claim, not at whether the claim is right by the network's rules.
func (s *Sync) weigh(headers []wire.BlockHeader) weighed {
	if !s.tree.Has(headers[0].PrevBlock) {
		return weighed{kind: unconnected}
	}
	w := weighed{kind: known}
	for w.known < len(headers) && s.tree.Has(headers[w.known].BlockHash()) {
		w.known++
	}
	if w.known == len(headers) {
		return w
	}
	w.parent, _ = s.tree.Lookup(headers[w.known].PrevBlock)
	w.floor = s.workFloor()
	w.kind = light
	if total := new(big.Int).Add(w.parent.Work, claimedWork(headers[w.known:])); total.Cmp(w.floor) >= 0 {
		w.kind = heavy
	}
	return w
}

// workFloor is the work that headers must lead to for being stored.
func (s *Sync) workFloor() *big.Int {
	best := s.tree.Best()
	day := new(big.Int).Mul(headertree.Work(best.Header.Bits), big.NewInt(antiDoSBlocks))
	floor := best.Work.Sub(best.Work, day)
	if least := s.cfg.MinChainWork; least != nil && least.Cmp(floor) > 0 {
		return least
	}
	return floor
}

// claimedWork sums up the work that headers claim.
func claimedWork(headers []wire.BlockHeader) *big.Int {
	total, each := new(big.Int), new(big.Int)
	var bits uint32
	for i := range headers {
		if i == 0 || headers[i].Bits != bits {
			bits = headers[i].Bits
			each = headertree.Work(bits)
		}
		total.Add(total, each)
	}
	return total
}

// accept gives headers that carry enough work to the chain, and notes that m has
// them. A fault of the headers is returned; one of our own ends Run.
func (s *Sync) accept(m *member, headers []wire.BlockHeader) error {
	added, err := s.chain.AcceptHeaders(time.Now(), headers)
	s.learnLast(m, headers)
	if added > 0 {
		s.headersAdded(added)
	}
	if err == nil {
		return nil
	}
	var bad *headertree.HeaderError
	var rule blockchain.RuleError
	switch {
	case errors.As(err, &rule) && rule.ErrorCode == blockchain.ErrTimeTooNew:
		return nil // perhaps our clock is wrong; they will be offered again
	case errors.As(err, &bad):
		return &exchange.PeerError{Peer: m.id, Reason: bad.Reason, Err: err}
	case errors.Is(err, headertree.ErrUnknownParent):
		return &exchange.PeerError{Peer: m.id, Reason: events.UnconnectedHeaders, Err: err}
	}
	err = fmt.Errorf("accept headers: %w", err)
	s.fail(err)
	return err
}

// headersAdded follows the tree after it has grown.
func (s *Sync) headersAdded(added int) {
	s.mu.Lock()
	now := time.Now()
	s.steer(now)
	s.advance(now)
	s.mu.Unlock()
	best := s.tree.Best()
	s.emit(events.HeadersAdded{Height: best.Height, Hash: best.Hash, Added: added})
}

// learnLast notes that m has the last of the headers that is in the tree. It
// reports whether that is better than what m was known to have.
func (s *Sync) learnLast(m *member, headers []wire.BlockHeader) bool {
	var last chainhash.Hash
	for i := len(headers) - 1; i >= 0; i-- {
		if last = headers[i].BlockHash(); s.tree.Has(last) {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.gone || !s.learn(m, last) {
		return false
	}
	s.tell(m)
	s.advance(time.Now())
	return true
}
