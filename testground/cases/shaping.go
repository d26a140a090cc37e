package cases

import (
	"context"
	"fmt"
	"net"

	"github.com/testground/sdk-go/network"
	"github.com/testground/sdk-go/ptypes"
	tgsync "github.com/testground/sdk-go/sync"
)

// shape asks for the network of the parameters: on or off, and without the instances
// that are to be unreachable. Where nobody shapes the network it says so, once.
func (i *instance) shape(ctx context.Context, on bool, without []Contact) error {
	i.shaped++
	if !i.env.TestSidecar {
		if i.shaped == 1 && (i.params.Latency > 0 || i.params.Loss > 0 || i.params.Bandwidth > 0) {
			return fmt.Errorf("latency, loss and bandwidth need a shaped network, and this runner has none: run the launcher with -net tun as root, or take a runner with a sidecar")
		}
		return nil
	}
	config := &network.Config{
		Network: network.DefaultDataNetwork,
		Enable:  on,
		Default: network.LinkShape{
			Latency: i.params.Latency, Jitter: i.params.Jitter, Bandwidth: i.params.Bandwidth, Loss: float32(i.params.Loss),
		},
		// Named anew each time: a state that was reached once stays so.
		CallbackState:  tgsync.State(fmt.Sprintf("shaped-%d-%d", i.seq, i.shaped)),
		CallbackTarget: 1,
		RoutingPolicy:  network.AllowAll,
	}
	for _, c := range without {
		config.Rules = append(config.Rules, network.LinkRule{
			LinkShape: network.LinkShape{Filter: network.Drop},
			Subnet:    ptypes.IPNet{IPNet: net.IPNet{IP: net.ParseIP(c.IP), Mask: net.CIDRMask(32, 32)}},
		})
	}
	return i.patiently(ctx, func(ctx context.Context) error { return i.net.ConfigureNetwork(ctx, config) })
}
