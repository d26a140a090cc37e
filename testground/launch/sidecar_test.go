package main

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pappus-network/pappus/testground/link"
	"github.com/pappus-network/pappus/testground/tun"
)

// published is a configuration as the SDK publishes it.
const published = `{"network":"default","IPv4":null,"IPv6":null,"enable":true,
"default":{"latency":50000000,"jitter":5000000,"bandwidth":1000000,"filter":0,"loss":2.5,"corrupt":0,"corrupt_corr":0,"reorder":0,"reorder_corr":0,"duplicate":0,"duplicate_corr":0},
"rules":[{"latency":0,"jitter":0,"bandwidth":0,"filter":2,"loss":0,"subnet":"16.0.0.4/32"}],"callback_state":"shaped-1-1","routing_policy":"allow_all"}`

// side is a sidecar that remembers what it was told to set.
func side(t *testing.T, refuse error) (sidecar, map[netip.Addr]tun.Setting) {
	t.Helper()
	s, err := service(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	set := make(map[netip.Addr]tun.Setting)
	return sidecar{Service: s, keys: keysOf(order{run: "r", testcase: "sync"}), set: func(a netip.Addr, to tun.Setting) error {
		set[a] = to
		return refuse
	}}, set
}

func payload(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSidecarShapesAndSignals(t *testing.T) {
	s, set := side(t, nil)
	if _, err := s.Publish(t.Context(), "run:r:plan:pappus:case:sync:topics:network:instance-3", payload(t, published)); err != nil {
		t.Fatal(err)
	}
	want := map[netip.Addr]tun.Setting{tun.Addr(2): {
		On:      true,
		Shape:   link.Shape{Latency: 50 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.025, Bandwidth: 1_000_000},
		Without: []netip.Prefix{netip.MustParsePrefix("16.0.0.4/32")},
	}}
	if !reflect.DeepEqual(set, want) {
		t.Errorf("%+v, want %+v", set, want)
	}
	// It would wait for ever if the state was not signalled.
	if err := s.Barrier(t.Context(), "run:r:plan:pappus:case:sync:states:shaped-1-1", 1); err != nil {
		t.Error(err)
	}
}

func TestSidecarLeavesOtherTopicsAlone(t *testing.T) {
	s, set := side(t, nil)
	for _, topic := range []string{"run:r:plan:pappus:case:sync:topics:contacts", "run:other:plan:pappus:case:sync:topics:network:instance-3"} {
		if _, err := s.Publish(t.Context(), topic, "x"); err != nil || len(set) > 0 {
			t.Errorf("%s: %v, %v", topic, err, set)
		}
	}
}

// Who asks for what cannot be had is told.
func TestSidecarRefuses(t *testing.T) {
	const topic = "run:r:plan:pappus:case:sync:topics:network:instance-3"
	s, _ := side(t, nil)
	for change, want := range map[string]string{
		`"corrupt":0,|"corrupt":1,`:       "nothing else",
		`"duplicate":0|"duplicate":1`:     "nothing else",
		`"IPv4":null|"IPv4":"16.0.0.9/8"`: "nothing else",
		`"subnet"|"corrupt":3,"subnet"`:   "nothing else",
		`50000000|"soon"`:                 "read a network configuration",
	} {
		from, to, _ := strings.Cut(change, "|")
		if !strings.Contains(published, from) {
			t.Fatalf("nothing to change: %s", from)
		}
		_, err := s.Publish(t.Context(), topic, payload(t, strings.Replace(published, from, to, 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", change, err)
		}
	}
	full := errors.New("no port")
	s, _ = side(t, full)
	if _, err := s.Publish(t.Context(), topic, payload(t, published)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if _, err := s.Publish(t.Context(), topic+"x", payload(t, published)); err == nil {
		t.Error("an instance without a number is shaped")
	}
}
