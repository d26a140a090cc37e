package attack

import (
	"fmt"

	"github.com/pappus-network/pappus/sim"
)

// group is some transactions that are known to be of one source.
type group struct {
	source int32
	txs    []*sim.Tx
}

// byRound returns a run's transactions by round, in the order sent.
func byRound(r *sim.Result) [][]*sim.Tx {
	var rounds [][]*sim.Tx
	for i := range r.Txs {
		tx := &r.Txs[i]
		for int(tx.Round) >= len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[tx.Round] = append(rounds[tx.Round], tx)
	}
	return rounds
}

// blocks returns groups that are judged together: of one source each.
func (p Plan) blocks(rounds [][]*sim.Tx) ([][]group, error) {
	if alone(rounds) {
		all := make([]group, len(rounds))
		for i, round := range rounds {
			all[i] = group{source: round[0].Source, txs: round}
		}
		if p.Match {
			return nil, fmt.Errorf("%w: a matching wants one group of each node, and nodes were drawn", ErrPlan)
		}
		return [][]group{all}, nil
	}
	size := max(1, p.Messages)
	if size == 1 && !p.Match {
		return singles(rounds), nil // whoever sent it, and whatever else
	}
	if len(rounds) < size {
		return nil, fmt.Errorf("%w: %d rounds to judge make no group of %d", ErrPlan, len(rounds), size)
	}
	var blocks [][]group
	for ; len(rounds) >= size; rounds = rounds[size:] {
		block, err := collect(rounds[:size])
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// alone says whether one node sent all of each round, and more than one transaction.
func alone(rounds [][]*sim.Tx) bool {
	for _, round := range rounds {
		for _, tx := range round {
			if tx.Source != round[0].Source || len(round) == 1 {
				return false
			}
		}
	}
	return true
}

// singles makes each transaction a group.
func singles(rounds [][]*sim.Tx) [][]group {
	blocks := make([][]group, len(rounds))
	for i, round := range rounds {
		for k, tx := range round {
			blocks[i] = append(blocks[i], group{source: tx.Source, txs: round[k : k+1]})
		}
	}
	return blocks
}

// collect groups the transactions of some rounds, in each of which each node has sent one.
func collect(rounds [][]*sim.Tx) ([]group, error) {
	place := map[int32]int{}
	var groups []group
	for _, round := range rounds {
		for _, tx := range round {
			i, ok := place[tx.Source]
			if !ok {
				i = len(groups)
				place[tx.Source] = i
				groups = append(groups, group{source: tx.Source})
			}
			groups[i].txs = append(groups[i].txs, tx)
		}
	}
	for _, g := range groups {
		if len(g.txs) != len(rounds) {
			return nil, fmt.Errorf("%w: node %d has sent %d transactions in %d rounds, and not one each", ErrPlan, g.source, len(g.txs), len(rounds))
		}
	}
	return groups, nil
}
