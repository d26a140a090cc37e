package tun

import (
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pappus-network/pappus/testground/link"
)

// plug is a device without a kernel.
type plug struct {
	out    chan []byte // what the process sends
	in     chan arrival
	closed chan struct{}
}

// arrival is a packet and when it came.
type arrival struct {
	size int
	at   time.Time
}

func newPlug() *plug {
	return &plug{make(chan []byte), make(chan arrival, 100), make(chan struct{})}
}

func (p *plug) Read(b []byte) (int, error) {
	select {
	case packet := <-p.out:
		return copy(b, packet), nil
	case <-p.closed:
		return 0, os.ErrClosed
	}
}

func (p *plug) Write(b []byte) (int, error) {
	select {
	case <-p.closed:
		return 0, io.ErrClosedPipe
	case p.in <- arrival{len(b), time.Now()}:
		return len(b), nil
	}
}

func (p *plug) Close() error {
	close(p.closed)
	return nil
}

// wired runs a story on a network of n ports.
func wired(t *testing.T, n int, story func(t *testing.T, net *Network, plugs []*plug)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := New(rand.NewPCG(1, 2))
		plugs := make([]*plug, n)
		for k := range plugs {
			plugs[k] = newPlug()
			if err := net.add(t.Context(), Addr(k), plugs[k]); err != nil {
				t.Fatal(err)
			}
		}
		story(t, net, plugs)
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
}

func set(t *testing.T, n *Network, k int, s Setting) {
	t.Helper()
	if err := n.Set(Addr(k), s); err != nil {
		t.Fatal(err)
	}
}

func TestPacketsTakeAsLongAsTheirSendersLink(t *testing.T) {
	wired(t, 2, func(t *testing.T, net *Network, plugs []*plug) {
		set(t, net, 0, Setting{On: true, Shape: link.Shape{Latency: 50 * time.Millisecond}})
		begin := time.Now()
		plugs[0].out <- packet(Addr(1), 100)
		if a := <-plugs[1].in; a.at.Sub(begin) != 50*time.Millisecond || a.size != 100 {
			t.Errorf("%d bytes after %v", a.size, a.at.Sub(begin))
		}
		begin = time.Now()
		plugs[1].out <- packet(Addr(0), 60) // its own link is not shaped
		if a := <-plugs[0].in; a.at.Sub(begin) != 0 || a.size != 60 {
			t.Errorf("%d bytes after %v", a.size, a.at.Sub(begin))
		}
	})
}

func TestCuts(t *testing.T) {
	third := []netip.Prefix{netip.PrefixFrom(Addr(2), 32)}
	for name, c := range map[string]struct {
		setting  Setting // of port 0
		from, to int
		arrives  bool
	}{
		"without one, to it":      {Setting{On: true, Without: third}, 0, 2, false},
		"without one, to another": {Setting{On: true, Without: third}, 0, 1, true},
		// A rule is for what is sent, as in Testground: the other side needs one as well.
		"without one, from it": {Setting{On: true, Without: third}, 2, 0, true},
		"off, from it":         {Setting{}, 0, 1, false},
		"off, to it":           {Setting{}, 1, 0, false},
		"off, between others":  {Setting{}, 1, 2, true},
		"on":                   {Setting{On: true}, 0, 2, true},
		"all lost":             {Setting{On: true, Shape: link.Shape{Loss: 1}}, 0, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			wired(t, 3, func(t *testing.T, net *Network, plugs []*plug) {
				set(t, net, 0, c.setting)
				plugs[c.from].out <- packet(Addr(c.to), 50)
				synctest.Wait()
				if got := len(plugs[c.to].in); (got == 1) != c.arrives {
					t.Errorf("%d packets arrive", got)
				}
				if n := net.Counts(); (n.Delivered == 1) != c.arrives || n.Delivered+n.Lost+n.Cut != 1 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

// What is under way when its receiver is cut off does not arrive.
func TestCutOnTheWay(t *testing.T) {
	wired(t, 2, func(t *testing.T, net *Network, plugs []*plug) {
		set(t, net, 0, Setting{On: true, Shape: link.Shape{Latency: time.Second}})
		plugs[0].out <- packet(Addr(1), 50)
		synctest.Wait()
		set(t, net, 1, Setting{})
		time.Sleep(2 * time.Second)
		if n := net.Counts(); n != (Counts{Cut: 1}) {
			t.Errorf("%+v", n)
		}
	})
}

func TestPacketsToNobody(t *testing.T) {
	wired(t, 1, func(t *testing.T, net *Network, plugs []*plug) {
		plugs[0].out <- packet(Addr(7), 50)
		plugs[0].out <- []byte{0x60, 0, 0}
		synctest.Wait()
		if n := net.Counts(); n != (Counts{Astray: 2}) {
			t.Errorf("%+v", n)
		}
		if err := net.Set(Addr(7), Setting{}); err == nil {
			t.Error("a port that is not there is set")
		}
		if err := net.Set(Addr(0), Setting{Shape: link.Shape{Loss: 2}}); err == nil {
			t.Error("a loss of 2 is taken")
		}
	})
}
