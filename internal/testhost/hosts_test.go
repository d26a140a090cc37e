package testhost

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

func TestHostsTalkInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 50 * time.Millisecond
		hosts := New(t, 3, latency)
		echo(hosts[1])
		Connect(t, hosts[0], hosts[1])
		Connect(t, hosts[2], hosts[1])
		for _, from := range []int{0, 2} {
			start := time.Now()
			s, err := hosts[from].NewStream(t.Context(), hosts[1].ID(), "/echo/1")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			if err := s.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(s)
			if err != nil || string(got) != "hello" {
				t.Fatalf("echo: %q, %v", got, err)
			}
			if took := time.Since(start); took < 2*latency || took > 3*latency {
				t.Errorf("a round trip took %v of virtual time, the links' is %v", took, 2*latency)
			}
		}
	})
}

// echo makes a host send back what it gets.
func echo(h host.Host) {
	h.SetStreamHandler("/echo/1", func(s network.Stream) {
		_, _ = io.Copy(s, s)
		_ = s.Close()
	})
}

// ping sends a byte over the stream and waits for it to come back.
func ping(s network.Stream) error {
	if _, err := s.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(s, make([]byte, 1))
	return err
}

func TestCutLinkLosesPacketsUntilItHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNet(t, 3, 50*time.Millisecond)
		var streams []network.Stream
		for _, to := range n.Hosts[1:] {
			echo(to)
			Connect(t, n.Hosts[0], to)
			s, err := n.Hosts[0].NewStream(t.Context(), to.ID(), "/echo/1")
			if err != nil {
				t.Fatal(err)
			}
			if err := ping(s); err != nil {
				t.Fatal(err)
			}
			streams = append(streams, s)
		}
		n.Cut(1, 0)
		done := make(chan error, 1)
		go func() { done <- ping(streams[0]) }() // ends when the link has healed
		time.Sleep(10 * time.Second)
		if err := ping(streams[1]); err != nil {
			t.Errorf("over the link that is whole: %v", err)
		}
		if len(done) != 0 {
			t.Errorf("a byte passed the cut: %v", <-done)
		}
		n.Heal(0, 1)
		if err := <-done; err != nil {
			t.Errorf("after the cut: %v", err)
		}
	})
}

func TestLongCutEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNet(t, 2, 50*time.Millisecond)
		a, b := n.Hosts[0], n.Hosts[1]
		Connect(t, a, b)
		n.Cut(0, 1)
		time.Sleep(time.Minute)
		for _, c := range [][2]host.Host{{a, b}, {b, a}} {
			if c[0].Network().Connectedness(c[1].ID()) == network.Connected {
				t.Errorf("%s is still connected to %s", c[0].ID(), c[1].ID())
			}
		}
		n.Heal(0, 1)
		Connect(t, a, b)
	})
}
