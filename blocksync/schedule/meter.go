package schedule

import "time"

const (
	// sampleTime is the shortest span over which a busy peer's rate is read:
	// long enough to even out blocks that arrive in one segment burst, short
	// enough to follow a link within a second.
	sampleTime = 50 * time.Millisecond
	// settleTime is the time constant of a known rate's moving average.
	settleTime = time.Second
	// growth is what a sample must gain for the start phase to go on; the
	// factor is BBR's (draft-cardwell-iccrg-bbr-congestion-control §4.3.1.2).
	growth = 1.25
)

// meter measures what a peer delivers. As in TCP's slow start the first samples
// are taken as they are, because they grow with what was asked for; once they
// stop growing the link is full and a moving average takes over.
type meter struct {
	rate   float64       // bytes per second; 0 is unknown
	delay  time.Duration // shortest time from asking to arrival seen; 0 is unknown
	mature bool          // samples have stopped growing

	since time.Time // start of the sample under way
	bytes int       // delivered since then
	// gap says that the sample began with an idle peer, so that it contains a
	// round trip in which nothing could arrive.
	gap bool
}

// begin is called when an idle peer is asked for something.
func (m *meter) begin(now time.Time) {
	m.since, m.bytes, m.gap = now, 0, true
}

// delivered adds a block that was asked for at asked. drained says that nothing
// more is under way at the peer.
func (m *meter) delivered(now, asked time.Time, bytes int, drained bool) {
	if d := now.Sub(asked); d > 0 && (m.delay == 0 || d < m.delay) {
		m.delay = d
	}
	m.bytes += bytes
	span := now.Sub(m.since)
	if span <= 0 || (span < sampleTime && !drained) {
		return
	}
	if m.gap {
		m.afterGap(span)
	} else {
		m.busy(span)
	}
	m.since, m.bytes, m.gap = now, 0, false
}

// afterGap reads a sample that contains a round trip: it says what the peer can
// do at least and, less the round trip, at most.
func (m *meter) afterGap(span time.Duration) {
	least := perSecond(m.bytes, span)
	most := perSecond(m.bytes, max(span-m.delay, span/8))
	switch {
	case least > m.rate:
		m.rate = least
	case most < m.rate:
		m.average(most, span)
	}
}

func (m *meter) busy(span time.Duration) {
	sample := perSecond(m.bytes, span)
	if !m.mature && sample > m.rate {
		m.mature = sample < growth*m.rate
		m.rate = sample
		return
	}
	m.mature = true
	m.average(sample, span)
}

func (m *meter) average(sample float64, span time.Duration) {
	weight := min(0.5, float64(span)/float64(settleTime))
	m.rate += weight * (sample - m.rate)
}

func perSecond(bytes int, span time.Duration) float64 {
	return float64(bytes) * float64(time.Second) / float64(span)
}
