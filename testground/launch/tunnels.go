package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"

	syncservice "github.com/testground/sync-service"

	"github.com/pappus-network/pappus/testground/tun"
)

// syncPort is the sync service's in each namespace, where nobody else can have it.
// Source: Testground's own.
const syncPort = 5050

// namespaces gives each instance a network namespace of its own, with a shaped link to
// the others and the sync service on its loopback interface.
type namespaces struct {
	network *tun.Network
	service syncservice.Service

	mu      sync.Mutex
	servers []*syncservice.Server
	serving sync.WaitGroup
}

func newNamespaces(ctx context.Context, service syncservice.Service, to order, seed uint64) (*namespaces, error) {
	if err := tun.Available(); err != nil {
		return nil, err
	}
	n := &namespaces{network: tun.New(rand.NewPCG(seed, 0))}
	side := sidecar{Service: service, keys: keysOf(to), set: n.network.Set}
	n.service = side
	for range to.count { // the network of each is there before it starts
		if _, err := side.SignalEntry(ctx, side.keys+"states:network-initialized"); err != nil {
			return nil, fmt.Errorf("signal that the network is there: %w", err)
		}
	}
	return n, nil
}

// seat implements place.
func (n *namespaces) seat(ctx context.Context, k int) (seat, error) {
	return seat{
		enter:   func() error { return n.enter(ctx, k) },
		sidecar: true,
		subnet:  tun.Subnet().String(),
		sync:    net.JoinHostPort("127.0.0.1", strconv.Itoa(syncPort)),
	}, nil
}

func (n *namespaces) enter(ctx context.Context, k int) error {
	if err := n.network.Enter(ctx, tun.Addr(k), hostPrefix+strconv.Itoa(k+1)); err != nil {
		return err
	}
	server, err := syncservice.NewServer(n.service, syncPort)
	if err != nil {
		return fmt.Errorf("listen for the sync service in a namespace: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers = append(n.servers, server)
	n.serving.Go(func() { _ = server.Serve() }) // ends with run, and says no more than that
	return nil
}

// run implements place.
func (n *namespaces) run(ctx context.Context) error {
	<-ctx.Done()
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, s := range n.servers {
		errs = append(errs, s.Shutdown(context.WithoutCancel(ctx)))
	}
	n.serving.Wait()
	return errors.Join(append(errs, n.network.Close())...)
}

// summary says what became of the packets.
func (n *namespaces) summary() string {
	c := n.network.Counts()
	return fmt.Sprintf("packets: %d delivered, %d lost, %d cut off", c.Delivered, c.Lost, c.Cut)
}

// summary of the machine's own network: nobody has counted.
func (o *open) summary() string { return "" }

var _ place = (*namespaces)(nil)
