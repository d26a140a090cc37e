package seeder

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// idle is how long a TCP client may say nothing, and patience how long one answer
// may take to be written.
const (
	idle     = 5 * time.Second
	patience = 2 * time.Second
)

// Source knows which peers are worth naming. It is asked for each answer and must
// not block.
type Source interface{ Hosts() []Host }

// Server answers over UDP and TCP on one address.
type Server struct {
	zone   *Zone
	source Source
	packet net.PacketConn
	stream net.Listener

	mu       sync.Mutex // guards what follows
	rng      *rand.Rand
	limiter  limiter
	answered uint64
	refused  uint64
}

// Listen opens the address, host:port; port 0 takes a free one for both. The server
// answers nobody before Run, which closes it.
func Listen(ctx context.Context, address string, zone *Zone, source Source, src rand.Source) (*Server, error) {
	packet, stream, err := listenBoth(ctx, address)
	for n := 1; n < freePorts && errors.Is(err, errTaken); n++ {
		packet, stream, err = listenBoth(ctx, address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for DNS: %w", err)
	}
	return &Server{zone: zone, source: source, packet: packet, stream: stream, rng: rand.New(src)}, nil
}

// freePorts is how many ports that are free for UDP are tried for TCP: of 28,000
// that the system chooses from, somebody may have hundreds.
const freePorts = 16

// errTaken says that a port which the system chose for UDP is taken for TCP.
var errTaken = errors.New("the port is free for UDP alone")

func listenBoth(ctx context.Context, address string) (net.PacketConn, net.Listener, error) {
	var lc net.ListenConfig
	packet, err := lc.ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, nil, err
	}
	stream, err := lc.Listen(ctx, "tcp", packet.LocalAddr().String())
	if err == nil {
		return packet, stream, nil
	}
	if packet.LocalAddr().String() != address {
		err = errors.Join(errTaken, err)
	}
	return nil, nil, errors.Join(err, packet.Close())
}

// Addr is where the server answers.
func (s *Server) Addr() string { return s.packet.LocalAddr().String() }

// Counts returns how many questions were answered and how many dropped because
// their sender had asked too often.
func (s *Server) Counts() (answered, refused uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answered, s.refused
}

// Run answers until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	servers := []*dns.Server{
		{PacketConn: s.packet, Handler: dns.HandlerFunc(s.serve), UDPSize: safeSize},
		{
			Listener: s.stream, Handler: dns.HandlerFunc(s.serve), ReadTimeout: patience, WriteTimeout: patience,
			IdleTimeout: func() time.Duration { return idle }, MaxTCPQueries: burst,
		},
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, server := range servers {
		started, ended := make(chan struct{}), make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		group.Go(func() error { // ends with Shutdown
			defer close(ended)
			return server.ActivateAndServe()
		})
		group.Go(func() error { // ends with ctx
			<-ctx.Done()
			select {
			case <-started:
			case <-ended:
				return nil
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			return server.ShutdownContext(ctx)
		})
	}
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("answer DNS: %w", err)
	}
	return errors.Join(closed(s.packet.Close()), closed(s.stream.Close()))
}

// closed forgives what Shutdown has closed.
func closed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) serve(w dns.ResponseWriter, q *dns.Msg) {
	from, err := netip.ParseAddrPort(w.RemoteAddr().String())
	if err != nil {
		return // nobody to answer
	}
	_, whole := w.RemoteAddr().(*net.TCPAddr)
	hosts := s.source.Hosts()
	s.mu.Lock()
	if !s.limiter.allow(time.Now(), from.Addr()) {
		s.refused++
		s.mu.Unlock()
		return // silence: an error is an answer, too
	}
	s.answered++
	a := s.zone.Answer(q, hosts, whole, s.rng)
	s.mu.Unlock()
	_ = w.WriteMsg(a) // it is gone; it asks again
}
