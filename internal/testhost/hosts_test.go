package testhost

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

func TestHostsTalkInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 50 * time.Millisecond
		hosts := New(t, 3, latency)
		hosts[1].SetStreamHandler("/echo/1", func(s network.Stream) {
			_, _ = io.Copy(s, s)
			_ = s.Close()
		})
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
