package testhost

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/pipenet"
)

const pipeLatency = 50 * time.Millisecond

func pipes(t *testing.T, hosts int) *Pipes {
	t.Helper()
	return NewPipes(t, hosts, func(int, int) time.Duration { return pipeLatency })
}

// open returns a stream that echoes.
func open(t *testing.T, from, to host.Host) network.Stream {
	t.Helper()
	echo(to)
	Connect(t, from, to)
	s, err := from.NewStream(t.Context(), to.ID(), "/echo/1")
	if err != nil {
		t.Fatal(err)
	}
	if err := ping(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPipesTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes(t, 2)
		begun := time.Now()
		if _, err := p.Hosts[0].Network().DialPeer(t.Context(), addressed(p.Hosts[0], p.Hosts[1])); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 4*pipeLatency {
			t.Errorf("a dial took %v, two round trips are %v", took, 4*pipeLatency)
		}
		s := open(t, p.Hosts[0], p.Hosts[1])
		begun, before := time.Now(), p.Sent()
		if err := ping(s); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 2*pipeLatency {
			t.Errorf("a byte came back after %v, want %v", took, 2*pipeLatency)
		}
		if sent := p.Sent() - before; sent != 2 {
			t.Errorf("%d bytes were counted, want 2", sent)
		}
		if err := s.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		begun = time.Now()
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("read ended after %v with %v", time.Since(begun), err)
		}
	})
}

// addressed makes one host know the other's addresses.
func addressed(h, other host.Host) peer.ID {
	h.Peerstore().AddAddrs(other.ID(), other.Addrs(), time.Hour)
	return other.ID()
}

func TestGoodbyeArrivesALatencyLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes(t, 2)
		a, b := p.Hosts[0], p.Hosts[1]
		s := open(t, a, b)
		begun := time.Now()
		if err := b.Network().ClosePeer(a.ID()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) || time.Since(begun) != pipeLatency {
			t.Errorf("the other end learned it after %v: %v", time.Since(begun), err)
		}
	})
}

func TestWriterWaitsForASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes(t, 2)
		got := make(chan network.Stream, 1)
		p.Hosts[1].SetStreamHandler("/slow/1", func(s network.Stream) { got <- s })
		Connect(t, p.Hosts[0], p.Hosts[1])
		s, err := p.Hosts[0].NewStream(t.Context(), p.Hosts[1].ID(), "/slow/1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte{1}); err != nil { // with the protocol's name
			t.Fatal(err)
		}
		const size = 1 << 20 // some windows
		if err := s.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Write(make([]byte, size)); !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == size {
			t.Errorf("%d of %d bytes were taken before anybody read: %v", n, size, err)
		}
		if err := s.SetWriteDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, <-got) }() // ends with the connection
		if _, err := s.Write(make([]byte, size)); err != nil {
			t.Error(err)
		}
	})
}

func TestPipeIsRefusedToAnotherPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes(t, 3)
		err := p.Hosts[0].Connect(t.Context(), peer.AddrInfo{ID: p.Hosts[1].ID(), Addrs: p.Hosts[2].Addrs()})
		if err == nil {
			t.Error("a host answered for another")
		}
	})
}

func TestCutPipeGoesOnWhenItHealsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes(t, 3)
		cut, whole := open(t, p.Hosts[0], p.Hosts[1]), open(t, p.Hosts[0], p.Hosts[2])
		p.Cut(1, 0)
		done := make(chan error, 1)
		go func() { done <- ping(cut) }() // ends when the pipe has healed
		time.Sleep(pipenet.Silence - time.Second)
		if err := ping(whole); err != nil {
			t.Errorf("over the pipe that is whole: %v", err)
		}
		if len(done) != 0 {
			t.Errorf("a byte passed the cut: %v", <-done)
		}
		begun := time.Now()
		p.Heal(0, 1)
		if err := <-done; err != nil || time.Since(begun) != 2*pipeLatency {
			t.Errorf("after the cut: %v, %v", time.Since(begun), err)
		}
	})
}

func TestSilenceEndsAPipe(t *testing.T) {
	part := func(host int) int { return host / 2 }
	for name, c := range map[string]struct{ apart, whole func(p *Pipes) }{
		"cut":  {func(p *Pipes) { p.Cut(1, 2) }, func(p *Pipes) { p.Heal(1, 2) }},
		"part": {func(p *Pipes) { p.Split(part) }, func(p *Pipes) { p.Split(nil) }},
		"drop": {func(p *Pipes) { p.Drop(2) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pipes(t, 4)
				a, b := p.Hosts[1], p.Hosts[2]
				s := open(t, a, b)
				near := open(t, p.Hosts[0], a)
				c.apart(p)
				begun := time.Now()
				if err := ping(s); err == nil || time.Since(begun) != pipenet.Silence {
					t.Errorf("the stream ended after %v with %v", time.Since(begun), err)
				}
				for _, pair := range [][2]host.Host{{a, b}, {b, a}} {
					if pair[0].Network().Connectedness(pair[1].ID()) == network.Connected {
						t.Errorf("%s is still connected to %s", pair[0].ID(), pair[1].ID())
					}
				}
				if err := ping(near); err != nil {
					t.Errorf("a pipe within the part: %v", err)
				}
				if c.whole != nil {
					c.whole(p)
					Connect(t, a, b)
				}
			})
		})
	}
}
