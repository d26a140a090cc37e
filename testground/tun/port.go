package tun

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pappus-network/pappus/testground/link"
)

// queued is how many packets may wait for a port's writer: those of a full link, and
// some more.
const queued = 2048

// Setting is how a port is connected.
type Setting struct {
	On      bool
	Shape   link.Shape     // of what it sends
	Without []netip.Prefix // where nothing that it sends arrives
}

// Counts is what became of the packets that a port has sent.
type Counts struct{ Delivered, Lost, Cut, Astray uint64 }

// device is a TUN device: one packet a call.
type device interface {
	io.ReadWriteCloser
}

// port is one end of the network. It is safe for concurrent use.
type port struct {
	device device
	queue  chan parcel

	mu      sync.Mutex
	setting Setting
	link    *link.Link

	delivered, lost, cut, astray atomic.Uint64
}

// parcel is a packet under way.
type parcel struct {
	packet []byte
	to     *port
	due    time.Time
}

func newPort(d device, src rand.Source) *port {
	return &port{device: d, queue: make(chan parcel, queued), link: link.New(src), setting: Setting{On: true}}
}

// set changes how the port is connected, for packets that it has yet to send.
func (p *port) set(s Setting) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.link.Shape(s.Shape); err != nil {
		return err
	}
	p.setting = s
	return nil
}

func (p *port) on() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.setting.On
}

// read takes what the port sends until its device is closed. find returns the port of an
// address, or nil.
func (p *port) read(find func(netip.Addr) *port) error {
	defer close(p.queue)
	packet := make([]byte, mtu)
	for {
		n, err := p.device.Read(packet)
		if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.send(packet[:n], find)
	}
}

// send puts a packet on the link.
func (p *port) send(packet []byte, find func(netip.Addr) *port) {
	addr, ok := destination(packet)
	to := (*port)(nil)
	if ok {
		to = find(addr)
	}
	if to == nil {
		p.astray.Add(1) // multicast, IPv6: the kernel's own
		return
	}
	p.mu.Lock()
	cut := !p.setting.On || slices.ContainsFunc(p.setting.Without, func(n netip.Prefix) bool { return n.Contains(addr) })
	due, arrives := time.Time{}, false
	if !cut {
		due, arrives = p.link.Send(time.Now(), len(packet))
	}
	p.mu.Unlock()
	switch {
	case cut:
		p.cut.Add(1)
		return
	case !arrives:
		p.lost.Add(1)
		return
	}
	select {
	case p.queue <- parcel{slices.Clone(packet), to, due}:
	default:
		p.lost.Add(1)
	}
}

// write delivers packets when they are due, until the queue is closed or ctx ends.
func (p *port) write(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for parcel := range p.queue {
		if wait := time.Until(parcel.due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		if !parcel.to.on() {
			p.cut.Add(1)
			continue
		}
		if _, err := parcel.to.device.Write(parcel.packet); err != nil {
			p.lost.Add(1) // its process has ended
			continue
		}
		p.delivered.Add(1)
	}
}

func (p *port) counts() Counts {
	return Counts{p.delivered.Load(), p.lost.Load(), p.cut.Load(), p.astray.Load()}
}
