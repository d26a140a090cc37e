package tun

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Enter moves the operating system's thread that calls it, which must be locked and must
// never be used for anything else, into a new network namespace with a host name and a
// port of the network. The port works until ctx ends or Close.
func (n *Network) Enter(ctx context.Context, addr netip.Addr, hostname string) error {
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("%w: make a namespace: %w", ErrUnavailable, err)
	}
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := configure("lo", netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 8)); err != nil {
		return err
	}
	d, err := openDevice()
	if err != nil {
		return err
	}
	if err := configure(deviceName, netip.PrefixFrom(addr, Subnet().Bits())); err != nil {
		return errors.Join(err, d.Close())
	}
	return n.add(ctx, addr, d)
}

// Available says whether such networks can be made here, by making one.
func Available() error {
	result := make(chan error, 1)
	go func() { // its thread ends with it, as it is not unlocked
		runtime.LockOSThread()
		n := New(nothing{})
		result <- errors.Join(n.Enter(context.Background(), Addr(0), "probe"), n.Close())
	}()
	return <-result
}

// nothing is a source of no chance, for a network without packets.
type nothing struct{}

func (nothing) Uint64() uint64 { return 0 }

const deviceName = "data0"

// openDevice makes a TUN device in the thread's namespace.
func openDevice() (device, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: open /dev/net/tun: %w", ErrUnavailable, err)
	}
	request, err := unix.NewIfreq(deviceName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a TUN device: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), deviceName), nil
}

// configure gives an interface of the thread's namespace an address and sets it up.
func configure(name string, addr netip.Prefix) (err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("configure %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, unix.Close(fd)) }()
	mask := make([]byte, 4)
	for bit := range addr.Bits() {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	for _, step := range []struct {
		call uint
		set  func(*unix.Ifreq) error
	}{
		{unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(addr.Addr().AsSlice()) }},
		{unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask) }},
		{unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error {
			r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
			return nil
		}},
	} {
		request, err := unix.NewIfreq(name)
		if err == nil {
			err = step.set(request)
		}
		if err == nil {
			err = unix.IoctlIfreq(fd, step.call, request)
		}
		if err != nil {
			return fmt.Errorf("configure %s as %s: %w", name, addr, err)
		}
	}
	return nil
}
