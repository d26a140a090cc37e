package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/testground/sdk-go/network"
	syncservice "github.com/testground/sync-service"

	"github.com/pappus-network/pappus/testground/link"
	"github.com/pappus-network/pappus/testground/tun"
)

// sidecar is a sync service that does what Testground's sidecar does: it changes an
// instance's network when the instance publishes a configuration on its topic, and
// signals the state that the configuration names.
type sidecar struct {
	syncservice.Service

	keys string // of the run's topics and states
	set  func(netip.Addr, tun.Setting) error
}

// keysOf begins the keys of a run. Source: sdk-go sync/types.go.
func keysOf(to order) string {
	return fmt.Sprintf("run:%s:plan:%s:case:%s:", to.run, planName, to.testcase)
}

// hostPrefix begins the instances' host names, by which they name their topics; their
// numbers follow.
const hostPrefix = "instance-"

// Publish implements syncservice.Service. The error reaches the instance that asked.
func (s sidecar) Publish(ctx context.Context, topic string, payload any) (int, error) {
	seq, err := s.Service.Publish(ctx, topic, payload)
	host, ours := strings.CutPrefix(topic, s.keys+"topics:network:"+hostPrefix)
	if err != nil || !ours {
		return seq, err
	}
	number, err := strconv.Atoi(host)
	if err != nil {
		return seq, fmt.Errorf("shape the network of %q: %w", host, err)
	}
	config, err := decode(payload)
	if err != nil {
		return seq, err
	}
	setting, err := settingOf(config)
	if err == nil {
		err = s.set(tun.Addr(number-1), setting)
	}
	if err != nil {
		return seq, fmt.Errorf("shape the network of instance %d: %w", number, err)
	}
	_, err = s.SignalEntry(ctx, s.keys+"states:"+string(config.CallbackState))
	return seq, err
}

// decode reads a configuration, which comes as decoded JSON.
func decode(payload any) (config network.Config, err error) {
	text, err := json.Marshal(payload)
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil {
		return config, fmt.Errorf("read a network configuration: %w", err)
	}
	return config, nil
}

// errUnshaped says that a configuration asks for what the links have not.
var errUnshaped = errors.New("the launcher's network has latency, jitter, loss, bandwidth and rules that drop, and nothing else")

// settingOf translates a configuration.
func settingOf(c network.Config) (tun.Setting, error) {
	d := c.Default
	rest := d
	rest.Latency, rest.Jitter, rest.Loss, rest.Bandwidth = 0, 0, 0, 0
	if rest != (network.LinkShape{}) || c.IPv4 != nil || c.IPv6 != nil {
		return tun.Setting{}, errUnshaped
	}
	const percent = 0.01
	s := tun.Setting{On: c.Enable, Shape: link.Shape{
		Latency: d.Latency, Jitter: d.Jitter, Loss: float64(d.Loss) * percent, Bandwidth: d.Bandwidth,
	}}
	for _, r := range c.Rules {
		net, err := netip.ParsePrefix(r.Subnet.String())
		if err != nil {
			return tun.Setting{}, fmt.Errorf("rule for %s: %w", r.Subnet.String(), err)
		}
		shape := r.LinkShape
		shape.Filter = network.Accept
		if shape != (network.LinkShape{}) {
			return tun.Setting{}, errUnshaped
		}
		if r.Filter != network.Accept {
			s.Without = append(s.Without, net)
		}
	}
	return s, nil
}
