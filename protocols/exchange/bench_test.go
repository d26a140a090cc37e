package exchange

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// benchSizes are the payloads of the benchmarks: a small block, today's usual
// one, the largest.
var benchSizes = []int{100_000, 1_500_000, 4_000_000}

// BenchmarkAnswers measures large answers to pipelined questions on one stream
// over loopback TCP with TLS: the way blocks are downloaded.
func BenchmarkAnswers(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			server, client := loopback(b)
			payload := make([]byte, size)
			serve(b, server, patient(), func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
				return a.Send("block", payload)
			})
			d := dial(b, client, server, patient())
			b.SetBytes(int64(size))
			b.ReportAllocs()
			ask := func() {
				if err := d.Send(b.Context(), Message{Command: "ping"}); err != nil {
					b.Fatal(err)
				}
			}
			const ahead = 16
			for range ahead {
				ask()
			}
			for b.Loop() {
				ask()
				if m, err := d.Receive(b.Context()); err != nil || len(m.Payload) != size {
					b.Fatalf("answer of %d bytes, %v", len(m.Payload), err)
				}
			}
		})
	}
}

// BenchmarkRequests measures the other direction: large requests, each answered
// by a small message.
func BenchmarkRequests(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			server, client := loopback(b)
			payload := make([]byte, size)
			serve(b, server, patient(), func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
				return a.Send("pong", nil)
			})
			d := dial(b, client, server, patient())
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Send(b.Context(), Message{Command: "block", Payload: payload}); err != nil {
					b.Fatal(err)
				}
				if _, err := d.Receive(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRawStream is the yardstick: the same bytes over the same transport
// without envelope, deadline or checksum.
func BenchmarkRawStream(b *testing.B) {
	server, client := loopback(b)
	const size = 1_500_000
	sent := make(chan struct{}, 1)
	server.SetStreamHandler("/raw", func(s network.Stream) {
		payload := make([]byte, size)
		for range sent {
			if _, err := s.Write(payload); err != nil {
				return
			}
		}
	})
	s, err := client.NewStream(b.Context(), server.ID(), "/raw")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Write([]byte{0}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	buf := make([]byte, 64<<10)
	for b.Loop() {
		sent <- struct{}{}
		for have := 0; have < size; {
			n, err := s.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			have += n
		}
	}
	close(sent)
	_ = s.Reset()
}

// BenchmarkPipelined measures small messages, 64 questions ahead.
func BenchmarkPipelined(b *testing.B) {
	server, client := loopback(b)
	serve(b, server, patient(), func(_ context.Context, _ peer.ID, r Message, a *Answer) error {
		return a.Send("pong", r.Payload)
	})
	d := dial(b, client, server, patient())
	request := Message{Command: "ping", Payload: make([]byte, 32)}
	ask := func() {
		if err := d.Send(b.Context(), request); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for range 64 {
		ask()
	}
	for b.Loop() {
		ask()
		if _, err := d.Receive(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAsk measures a stream per question.
func BenchmarkAsk(b *testing.B) {
	server, client := loopback(b)
	serve(b, server, patient(), func(_ context.Context, _ peer.ID, r Message, a *Answer) error {
		return a.Send("pong", r.Payload)
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Ask(b.Context(), client, server.ID(), patient(), Message{Command: "ping"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSHA256(b *testing.B) {
	payload := make([]byte, 1_500_000)
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		sha256.Sum256(payload)
	}
}
