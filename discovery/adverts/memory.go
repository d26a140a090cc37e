package adverts

import "time"

// memory remembers numbers for some time, or some thousands of them, whichever is
// less, and then for as long again: two sets of which the older one is dropped whole.
type memory struct {
	most       int
	hold       time.Duration
	turned     time.Time
	young, old map[uint64]struct{}
}

func newMemory(most int, hold time.Duration, now time.Time) memory {
	return memory{most: most, hold: hold, turned: now}
}

// has says whether a number was added within the last while.
func (m *memory) has(now time.Time, n uint64) bool {
	m.turn(now)
	_, young := m.young[n]
	_, old := m.old[n]
	return young || old
}

// add remembers a number.
func (m *memory) add(now time.Time, n uint64) {
	m.turn(now)
	if m.young == nil {
		m.young = make(map[uint64]struct{})
	}
	m.young[n] = struct{}{}
}

// turn drops what is old.
func (m *memory) turn(now time.Time) {
	switch age := now.Sub(m.turned); {
	case age >= 2*m.hold || age < 0:
		m.young, m.old, m.turned = nil, nil, now
	case age >= m.hold || len(m.young) >= m.most:
		m.young, m.old, m.turned = nil, m.young, now
	}
}
