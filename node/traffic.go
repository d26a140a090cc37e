package node

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// Traffic counts bytes by peer and protocol, as libp2p reports them: what streams
// carry, without encryption and packets. Unlike libp2p's own counter it forgets a
// peer when its last connection ends: ids are free, and a flood of them must not be
// remembered. It is safe for concurrent use.
type Traffic struct {
	mu       sync.Mutex
	sent     int64
	rcvd     int64
	peers    map[peer.ID]*flow
	services map[protocol.ID]metrics.Stats
}

// flow is what one connected peer has sent and was sent.
type flow struct {
	sent, rcvd         uint64
	sentBy, rcvdBy     map[string]uint64
	lastSend, lastRecv time.Time
}

// NewTraffic returns a counter at zero.
func NewTraffic() *Traffic {
	return &Traffic{peers: make(map[peer.ID]*flow), services: make(map[protocol.ID]metrics.Stats)}
}

// open begins to count for a peer, close ends it.
func (t *Traffic) open(p peer.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.peers[p] == nil {
		t.peers[p] = &flow{sentBy: make(map[string]uint64), rcvdBy: make(map[string]uint64)}
	}
}

func (t *Traffic) close(p peer.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.peers, p)
}

// of returns a peer's counts so far.
func (t *Traffic) of(p peer.ID) flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.peers[p]
	if f == nil {
		return flow{}
	}
	c := *f
	c.sentBy, c.rcvdBy = maps.Clone(f.sentBy), maps.Clone(f.rcvdBy)
	return c
}

// nameOf shortens a protocol of ours, /pappus/<network>/headers/1, to its name.
func nameOf(p protocol.ID) string {
	parts := strings.Split(string(p), "/")
	if len(parts) == 5 && parts[1] == "pappus" {
		return parts[3]
	}
	if p == "" {
		return "negotiation"
	}
	return string(p)
}

// LogSentMessage implements metrics.Reporter.
func (t *Traffic) LogSentMessage(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent += n
}

// LogRecvMessage implements metrics.Reporter.
func (t *Traffic) LogRecvMessage(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rcvd += n
}

// LogSentMessageStream implements metrics.Reporter.
func (t *Traffic) LogSentMessageStream(n int64, proto protocol.ID, p peer.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.services[proto]
	s.TotalOut += n
	t.services[proto] = s
	if f := t.peers[p]; f != nil && n > 0 {
		f.sent += uint64(n)
		f.sentBy[nameOf(proto)] += uint64(n)
		f.lastSend = time.Now()
	}
}

// LogRecvMessageStream implements metrics.Reporter.
func (t *Traffic) LogRecvMessageStream(n int64, proto protocol.ID, p peer.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.services[proto]
	s.TotalIn += n
	t.services[proto] = s
	if f := t.peers[p]; f != nil && n > 0 {
		f.rcvd += uint64(n)
		f.rcvdBy[nameOf(proto)] += uint64(n)
		f.lastRecv = time.Now()
	}
}

// GetBandwidthForPeer implements metrics.Reporter, without rates.
func (t *Traffic) GetBandwidthForPeer(p peer.ID) metrics.Stats {
	f := t.of(p)
	return metrics.Stats{TotalIn: int64(f.rcvd), TotalOut: int64(f.sent)} // counts of bytes
}

// GetBandwidthForProtocol implements metrics.Reporter, without rates.
func (t *Traffic) GetBandwidthForProtocol(p protocol.ID) metrics.Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.services[p]
}

// GetBandwidthTotals implements metrics.Reporter, without rates.
func (t *Traffic) GetBandwidthTotals() metrics.Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return metrics.Stats{TotalIn: t.rcvd, TotalOut: t.sent}
}

// GetBandwidthByPeer implements metrics.Reporter, without rates.
func (t *Traffic) GetBandwidthByPeer() map[peer.ID]metrics.Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(map[peer.ID]metrics.Stats, len(t.peers))
	for p, f := range t.peers {
		all[p] = metrics.Stats{TotalIn: int64(f.rcvd), TotalOut: int64(f.sent)} // counts of bytes
	}
	return all
}

// GetBandwidthByProtocol implements metrics.Reporter, without rates.
func (t *Traffic) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.services)
}

// Reset implements metrics.Reporter: counts only grow.
func (t *Traffic) Reset() {}

// TrimIdle implements metrics.Reporter: a peer is forgotten when it leaves.
func (t *Traffic) TrimIdle(time.Time) {}

var _ metrics.Reporter = (*Traffic)(nil)
