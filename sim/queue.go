package sim

import (
	"cmp"
	"slices"
	"time"
)

const (
	// dayBits is the logarithm of a day's length in nanoseconds: 2.1 ms. In a
	// network of 35,000 some hundred events are sorted at a time, in a cache.
	dayBits = 21

	// calendarDays is how many days have a page: 8.6 s. Most of what a node plans
	// comes sooner; what does not waits in a heap. A power of two.
	calendarDays = 4096

	// leafEvents is how many events a leaf of a page holds: 1.3 kB with what is around
	// them, five megabytes for a calendar with something on each day.
	leafEvents = 32
)

// leaf holds some events of a day.
type leaf struct {
	next   *leaf
	used   int
	events [leafEvents]event
}

// queue is a calendar of events (Brown 1988): a day's lie on its page in the order
// made, and are sorted when it comes. So an event costs the same however many wait.
type queue struct {
	seq    uint64
	today  []event // sorted, from next on to come
	next   int
	day    int64   // its number
	late   heap    // made today for today
	pages  []*leaf // by day, the last to be filled first
	paged  int     // events on pages
	beyond heap
	spare  *leaf // empty leaves
}

func (q *queue) push(at time.Duration, e event) {
	q.seq++
	e.at, e.seq = int64(at), q.seq
	switch day := e.at >> dayBits; {
	case day <= q.day:
		q.late.push(e)
	case day >= q.day+calendarDays:
		q.beyond.push(e)
	default:
		q.note(day, e)
	}
}

// note puts an event on its day's page.
func (q *queue) note(day int64, e event) {
	if q.pages == nil {
		q.pages = make([]*leaf, calendarDays)
	}
	page := &q.pages[day%calendarDays]
	if *page == nil || (*page).used == leafEvents {
		l := q.spare
		if l == nil {
			l = new(leaf)
		} else {
			q.spare = l.next
		}
		l.next, l.used = *page, 0
		*page = l
	}
	l := *page
	l.events[l.used] = e
	l.used++
	q.paged++
}

func (q *queue) pop() (event, bool) {
	for q.next == len(q.today) && len(q.late) == 0 {
		if !q.turn() {
			return event{}, false
		}
	}
	if q.next == len(q.today) || len(q.late) > 0 && q.late[0].before(&q.today[q.next]) {
		return q.late.pop(), true
	}
	q.next++
	return q.today[q.next-1], true
}

// turn makes the next day that has events today.
func (q *queue) turn() bool {
	q.today, q.next = q.today[:0], 0
	if q.paged == 0 {
		if len(q.beyond) == 0 {
			return false
		}
		q.day = q.beyond[0].at>>dayBits - 1
	}
	for len(q.today) == 0 {
		q.day++
		q.open(q.day)
	}
	slices.SortFunc(q.today, func(a, b event) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Compare(a.seq, b.seq)
	})
	return true
}

// open takes a day's events off the calendar.
func (q *queue) open(day int64) {
	if q.paged > 0 {
		q.tear(int(day%calendarDays), func(l *leaf) { q.today = append(q.today, l.events[:l.used]...) })
	}
	for len(q.beyond) > 0 && q.beyond[0].at>>dayBits <= day {
		q.today = append(q.today, q.beyond.pop())
	}
}

// tear empties a page, leaf by leaf.
func (q *queue) tear(page int, read func(*leaf)) {
	for l := q.pages[page]; l != nil; l = q.pages[page] {
		read(l)
		q.paged -= l.used
		q.pages[page] = l.next
		l.next, q.spare = q.spare, l
	}
}

// clear forgets all events, and that time has passed.
func (q *queue) clear() {
	for page := range q.pages {
		q.tear(page, func(*leaf) {})
	}
	*q = queue{seq: q.seq, today: q.today[:0], late: q.late[:0], pages: q.pages, beyond: q.beyond[:0], spare: q.spare}
}
