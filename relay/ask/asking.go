package ask

import (
	"slices"
	"time"
)

// offer returns what s offers of the transaction, nil if nothing. Few peers are
// searched: as many as there are connections at most.
func (tx *wanted) offer(s *source) *offer {
	for _, o := range tx.offers {
		if o.from == s {
			return o
		}
	}
	return nil
}

// free says whether a peer may be asked for one more.
func (t *Tracker) free(s *source) bool { return s.owes < t.cfg.InFlight }

// best returns the ready offer to ask for among those whose peers are free. One
// at least is.
func (t *Tracker) best(tx *wanted) *offer {
	var best *offer
	for _, o := range tx.offers {
		if o.state == ready && t.free(o.from) && (best == nil || o.before(best)) {
			best = o
		}
	}
	return best
}

// ripen makes an offer, which is in no list, ready.
func (t *Tracker) ripen(o *offer) {
	o.state = ready
	if o.tx.asked == nil {
		t.queue(o)
	}
}

// ask makes o the offer that is asked for. Others that are ready leave their
// peers' lists meanwhile.
func (t *Tracker) ask(o *offer, at time.Duration) {
	for _, x := range o.tx.offers {
		if x.state == ready {
			t.unqueue(x)
		}
	}
	o.tx.asked = o
	o.state, o.at = asked, at+t.cfg.Timeout
	o.from.owes++
	t.asked.push(o)
}

// fail ends an offer. If it was asked for, the others get their turn; if there
// are none, the transaction is forgotten.
func (t *Tracker) fail(o *offer) {
	tx := o.tx
	t.unlist(o)
	o.state = failed
	if !slices.ContainsFunc(tx.offers, func(x *offer) bool { return x.state != failed }) {
		t.forget(tx)
		return
	}
	if tx.asked != o {
		return
	}
	tx.asked = nil
	for _, x := range tx.offers {
		if x.state == ready {
			t.queue(x)
		}
	}
}

// forget drops a transaction with all its offers.
func (t *Tracker) forget(tx *wanted) {
	for _, o := range tx.offers {
		t.unlist(o)
		t.drop(o)
	}
	delete(t.txs, tx.hash)
}

// unlist takes an offer out of the list that it is in.
func (t *Tracker) unlist(o *offer) {
	switch o.state {
	case delayed:
		t.delayed.remove(o)
	case ready:
		if o.tx.asked == nil {
			t.unqueue(o)
		}
	case asked:
		t.asked.remove(o)
		o.from.owes--
	case failed:
	}
}

// drop takes an offer from its peer's.
func (t *Tracker) drop(o *offer) {
	all := o.from.offers
	last := all[len(all)-1]
	all[o.index], last.index = last, o.index
	all[len(all)-1] = nil
	o.from.offers = all[:len(all)-1]
}

// queue puts a ready offer, whose transaction nobody owes, into its peer's list.
func (t *Tracker) queue(o *offer) {
	o.from.ready.push(o)
	t.look(o.from)
	t.queued++
}

// unqueue takes it out.
func (t *Tracker) unqueue(o *offer) {
	o.from.ready.remove(o)
	t.look(o.from)
	t.queued--
}

// look notes what is the first in a peer's list of what is ready.
func (t *Tracker) look(s *source) {
	t.heads[s.place] = nothing
	if s.ready.head != nil {
		t.heads[s.place] = s.ready.head.at
	}
}
