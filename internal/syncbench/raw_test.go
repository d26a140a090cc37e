package syncbench

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"github.com/pappus-network/pappus/internal/proc"
)

// rawServer, set in the environment, turns the test binary into the baseline of
// serving: a libp2p host that writes so many bytes to whoever opens a stream.
const rawServer = "PAPPUS_SYNCBENCH_RAW"

const rawProtocol protocol.ID = "/raw/1"

// rawHost is a host with the transport and security that nodes use.
func rawHost(options ...libp2p.Option) (host.Host, error) {
	return libp2p.New(append(options,
		libp2p.Transport(tcp.NewTCPTransport), libp2p.Security(tls.ID, tls.New), libp2p.DisableRelay(), libp2p.DisableMetrics(),
	)...)
}

// serveRaw serves until standard input is closed.
func serveRaw(size int64) error {
	h, err := rawHost(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		return err
	}
	h.SetStreamHandler(rawProtocol, func(s network.Stream) {
		chunk := make([]byte, 64<<10)
		for left := size; left > 0; {
			n, err := s.Write(chunk[:min(int64(len(chunk)), left)])
			if err != nil {
				break
			}
			left -= int64(n)
		}
		_ = s.Close()
	})
	fmt.Printf("%s/p2p/%s\n", h.Addrs()[0], h.ID())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return h.Close()
}

// BenchmarkServing compares the processor time of a serving node per byte with
// that of a process which writes the same number of bytes to a stream.
func BenchmarkServing(b *testing.B) {
	s := prepare(b, blob())
	server := s.serve(b, 1)[0]
	var served, raw time.Duration
	for b.Loop() {
		before := server.CPU(b)
		s.sync(b, []string{server.Addr(b)}, "--assume-valid", fmt.Sprintf("%s:%d", s.tip, s.height))
		served += server.CPU(b) - before
		raw += readRaw(b, s.bytes)
	}
	size := float64(s.bytes) * float64(b.N) / megabyte
	b.ReportMetric(float64(served.Milliseconds())/size, "served-ms/MB")
	b.ReportMetric(float64(raw.Milliseconds())/size, "raw-ms/MB")
	b.ReportMetric(served.Seconds()/raw.Seconds(), "served/raw")
}

// readRaw reads so many bytes from a raw server and returns its processor time.
func readRaw(b *testing.B, size int64) time.Duration {
	b.Helper()
	cmd, held, line := companion(b, rawServer, size)
	server, err := peer.AddrInfoFromString(line)
	if err != nil {
		b.Fatal(err)
	}
	h, err := rawHost(libp2p.NoListenAddrs)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	if err := h.Connect(b.Context(), *server); err != nil {
		b.Fatal(err)
	}
	before := proc.CPU(b, cmd.Process.Pid)
	stream, err := h.NewStream(b.Context(), server.ID, rawProtocol)
	if err != nil {
		b.Fatal(err)
	}
	n, err := io.Copy(io.Discard, stream)
	if err != nil || n != size {
		b.Fatalf("%d of %d bytes: %v", n, size, err)
	}
	used := proc.CPU(b, cmd.Process.Pid) - before
	if err := held.Close(); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return used
}
