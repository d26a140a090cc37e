package tun

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/pappus-network/pappus/testground/link"
)

// socket opens a UDP socket in a namespace of its own.
func socket(t *testing.T, n *Network, k int) *net.UDPConn {
	t.Helper()
	type result struct {
		conn *net.UDPConn
		host string
		err  error
	}
	opened := make(chan result, 1)
	go func() { // its thread ends with it; the socket keeps the namespace
		runtime.LockOSThread()
		r := result{err: n.Enter(t.Context(), Addr(k), "host"+Addr(k).String())}
		if r.err == nil {
			r.conn, r.err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(Addr(k), 7)))
		}
		if r.err == nil {
			r.host, r.err = os.Hostname()
		}
		opened <- r
	}()
	r := <-opened
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.host != "host"+Addr(k).String() {
		t.Errorf("host name %q", r.host)
	}
	t.Cleanup(func() { r.conn.Close() })
	return r.conn
}

// Two namespaces whose kernels speak to each other through links of 20 ms: an answer
// cannot come before 40 ms have passed.
func TestKernelsSpeakThroughTheLinks(t *testing.T) {
	if err := Available(); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	n := New(rand.NewPCG(1, 2))
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	a, b := socket(t, n, 0), socket(t, n, 1)
	for k := range 2 {
		if err := n.Set(Addr(k), Setting{On: true, Shape: link.Shape{Latency: 20 * time.Millisecond}}); err != nil {
			t.Fatal(err)
		}
	}
	go func() { // ends with b
		buffer := make([]byte, 100)
		for {
			size, from, err := b.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = b.WriteToUDPAddrPort(buffer[:size], from)
		}
	}()
	begin := time.Now()
	if _, err := a.WriteToUDPAddrPort([]byte("hello"), netip.AddrPortFrom(Addr(1), 7)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	size, from, err := a.ReadFromUDPAddrPort(buffer)
	if err != nil || string(buffer[:size]) != "hello" || from.Addr() != Addr(1) {
		t.Fatalf("%q from %v: %v", buffer[:size], from, err)
	}
	if took := time.Since(begin); took < 40*time.Millisecond {
		t.Errorf("there and back in %v", took)
	}
}
