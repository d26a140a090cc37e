package envelope

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// allocated returns how many bytes f allocates: the least of a few runs, since
// the runtime allocates as well.
func allocated(f func()) uint64 {
	least := ^uint64(0)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// announce returns a header that announces so many bytes, and some of them.
func announce(size, sent int) []byte {
	m := Append(nil, wire.MainNet, "block", make([]byte, size))
	return m[:HeaderSize+sent]
}

func TestMemoryFollowsWhatHasCome(t *testing.T) {
	for _, sent := range []int{0, 100, 100_000, 1_000_000, 1_999_999, 2_000_001, 3_900_000} {
		t.Run(fmt.Sprint(sent), func(t *testing.T) {
			data := announce(MaxPayload, sent)
			var err error
			got := allocated(func() {
				_, _, err = Read(bytes.NewReader(data), wire.MainNet, Limits{"block": MaxPayload})
			})
			wantFault(t, err, events.Truncated)
			if limit := uint64(3*sent + 64<<10); got > limit {
				t.Errorf("%d bytes for %d that came of %d, want at most %d", got, sent, MaxPayload, limit)
			}
		})
	}
}

// asked is a reader that notes the largest piece of memory it was to fill.
type asked struct {
	r    io.Reader
	most int
}

func (a *asked) Read(p []byte) (int, error) {
	a.most = max(a.most, len(p))
	return a.r.Read(p)
}

func TestAnnouncementAloneAllocatesOneChunk(t *testing.T) {
	r := &asked{r: bytes.NewReader(announce(MaxPayload, 100))}
	_, _, err := Read(r, wire.MainNet, Limits{"block": MaxPayload})
	wantFault(t, err, events.Truncated)
	if r.most > 64<<10 {
		t.Errorf("100 of %d bytes came, room was made for %d", MaxPayload, r.most)
	}
}

func TestPayloadsOfEverySize(t *testing.T) {
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2*chunkSize - 1, 2 * chunkSize, 2*chunkSize + 1, 100_001, MaxPayload} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(i * 7 >> 3)
		}
		first := Append(nil, wire.MainNet, "block", want)
		for range 2 { // the second time with used chunks
			_, got, err := Read(bytes.NewReader(first), wire.MainNet, Limits{"block": MaxPayload})
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: %d come back, %v", size, len(got), err)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{100_000, 1_500_000, MaxPayload} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			data := announce(size, size)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Read(bytes.NewReader(data), wire.MainNet, Limits{"block": MaxPayload}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{100_000, 1_500_000, MaxPayload} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			payload := make([]byte, size)
			b.SetBytes(int64(size + HeaderSize))
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, wire.MainNet, "block", payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
