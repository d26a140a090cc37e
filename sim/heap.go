package sim

// heap holds events, the first to happen on top. A node has four children: that is
// shallower than two, and they share a cache line or two.
type heap []event

func (h *heap) push(e event) {
	*h = append(*h, e)
	all := *h
	i := len(all) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&all[parent]) {
			break
		}
		all[i] = all[parent]
		i = parent
	}
	all[i] = e
}

// pop takes the first off a heap that is not empty.
func (h *heap) pop() event {
	top := (*h)[0]
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	if last > 0 {
		h.sink(e)
	}
	return top
}

// sink puts e where the top was.
func (h *heap) sink(e event) {
	all := *h
	i := 0
	for {
		child := 4*i + 1
		if child >= len(all) {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, len(all)); c++ {
			if all[c].before(&all[least]) {
				least = c
			}
		}
		if !all[least].before(&e) {
			break
		}
		all[i] = all[least]
		i = least
	}
	all[i] = e
}
