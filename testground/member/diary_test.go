package member

import (
	"strings"
	"testing"
	"time"
)

// What a node of this repository has logged.
const logged = `{"time":"2026-11-24T19:29:11.5Z","level":"INFO","msg":"node is ready","network":"regtest","peer_id":"12D3KooWMayY","height":0}
{"time":"2026-11-24T19:29:11.6Z","level":"DEBUG","msg":"block connected","height":1,"hash":"5ff3c6f05c2428c776572961afc6206f510e247c2f113c506ad12fe589aab23a","bytes":166,"txs":1}
{"time":"2026-11-24T19:29:12.1Z","level":"DEBUG","msg":"transactions heard of","peer":"12D3KooWBZyg","ids":["aa","bb"],"stem":true}
{"time":"2026-11-24T19:29:12.2Z","level":"DEBUG","msg":"transactions heard of","peer":"12D3KooWQ","ids":["aa"],"stem":false}
{"time":"2026-11-24T19:29:12.3Z","level":"DEBUG","msg":"transaction accepted","tx":"aa","bytes":79}
`

func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// The log comes in pieces of any size.
func TestDiaryReadsALog(t *testing.T) {
	for _, size := range []int{1, 7, 100, len(logged)} {
		d := NewDiary()
		for text := logged; text != ""; {
			n := min(size, len(text))
			if _, err := d.Write([]byte(text[:n])); err != nil {
				t.Fatal(err)
			}
			text = text[n:]
		}
		at, connected := d.Connected("5ff3c6f05c2428c776572961afc6206f510e247c2f113c506ad12fe589aab23a")
		in, accepted := d.Accepted("aa")
		_, other := d.Accepted("bb")
		if !d.isReady() || !connected || !at.Equal(moment("2026-11-24T19:29:11.6Z")) || !accepted || !in.Equal(moment("2026-11-24T19:29:12.3Z")) || other {
			t.Errorf("pieces of %d: ready %v, block %v %v, accepted %v %v %v", size, d.isReady(), connected, at, accepted, in, other)
		}
		heard := d.Heard()
		if len(heard) != 3 || heard[0].Tx != "aa" || heard[1].Tx != "bb" || !heard[1].Stem || heard[2].Stem || heard[2].Peer != "12D3KooWQ" {
			t.Errorf("pieces of %d: heard %+v", size, heard)
		}
	}
}

func TestDiaryKeepsToItsBounds(t *testing.T) {
	d := NewDiary()
	line := strings.Split(logged, "\n")[3] + "\n"
	for range 10 * maxSightings {
		_, _ = d.Write([]byte(line))
	}
	if n := len(d.Heard()); n != maxSightings {
		t.Errorf("%d sightings of one transaction", n)
	}
	for range 100 { // a line without an end
		_, _ = d.Write(make([]byte, maxLine/10))
	}
	if len(d.rest) > maxLine || len(d.Tail()) != keptLines {
		t.Errorf("%d bytes, %d lines kept", len(d.rest), len(d.Tail()))
	}
}

func TestDiaryForgetsReadinessAtAStart(t *testing.T) {
	d := NewDiary()
	_, _ = d.Write([]byte(logged))
	d.starts()
	if _, accepted := d.Accepted("aa"); d.isReady() || !accepted {
		t.Errorf("ready %v, accepted %v", d.isReady(), accepted)
	}
}

// FuzzParseLine: whatever a program writes, a line is one with a time and a message, or
// none.
func FuzzParseLine(f *testing.F) {
	for line := range strings.Lines(logged) {
		f.Add([]byte(line))
	}
	f.Add([]byte("panic: runtime error"))
	f.Add([]byte(`{"time":"2026-11-24T19:29:11Z","msg":"block connected","txs":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLine(text)
		if (err == nil) != (l.Msg != "" && !l.Time.IsZero()) {
			t.Errorf("%+v, %v", l, err)
		}
	})
}
