package dashboard

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// begin is when the feeds of tests start: their first event has the number 1,000,000.
func begin() time.Time { return time.UnixMicro(1_000_000) }

type number struct {
	N int `json:"n"`
}

func everything(string) bool { return true }

func TestEventsAsTheyAreSent(t *testing.T) {
	f := NewFeed(begin())
	Teller{}.Tell(f, time.UnixMilli(5), events.BlockConnected{Height: 7, Hash: chainhash.Hash{31: 0xab}, Time: time.Unix(60, 0), Bytes: 300, Txs: 2})
	const want = "id: 1000000\nevent: block\ndata: {\"at_ms\":5,\"height\":7," +
		"\"hash\":\"ab00000000000000000000000000000000000000000000000000000000000000\",\"time\":\"1970-01-01T00:01:00Z\",\"bytes\":300,\"txs\":2}\n\n"
	if got := string(f.take(1_000_000, everything, 1).frames); got != want {
		t.Errorf("sent\n%s, want\n%s", got, want)
	}
}

func TestReadersGoOnWhereTheyWere(t *testing.T) {
	f := NewFeed(begin())
	for i := range 3 * remembered {
		f.Publish([]string{"block", "headers"}[i%2], number{i})
	}
	const first, end = 1_000_000, 1_000_000 + 3*remembered
	for _, c := range []struct {
		name   string
		from   uint64
		events int
		missed uint64
	}{
		{"the last one", end - 1, 1, 0},
		{"nothing new", end, 0, 0},
		{"all that is kept", end - remembered, remembered, 0},
		{"one too late", end - remembered - 1, remembered, 1},
		{"from the beginning", first, remembered, 2 * remembered},
		{"of an earlier process", 17, remembered, 2 * remembered},
		{"of no process yet", end + 9, remembered, 1},
	} {
		b := f.take(c.from, everything, 1<<30)
		if got := strings.Count(string(b.frames), "event: "); got != c.events || b.missed != c.missed || b.next != end {
			t.Errorf("%s: %d events, %d missed, on to %d; want %d, %d, %d", c.name, got, b.missed, b.next, c.events, c.missed, end)
		}
	}
	some := f.take(end-10, func(kind string) bool { return kind == "block" }, 1<<30)
	if got := strings.Count(string(some.frames), "event: block\n"); got != 5 || strings.Contains(string(some.frames), "headers") {
		t.Errorf("with a filter %d blocks in\n%s", got, some.frames)
	}
	if b := f.take(end-10, everything, 1); b.next != end-9 || b.wake != nil {
		t.Errorf("a small batch goes on to %d and waits: %v", b.next, b.wake != nil)
	}
}

// reader is a connection whose other end takes bytes when it is told to; without, a write
// fails at its deadline.
type reader struct {
	header   http.Header
	code     int
	takes    bool
	deadline time.Time

	mu     sync.Mutex
	got    strings.Builder
	writes int
}

// text is what has come so far, in so many writes.
func (r *reader) text() (text string, writes int) {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got.String(), r.writes
}

func (r *reader) Header() http.Header                { return r.header }
func (r *reader) WriteHeader(code int)               { r.code = code }
func (r *reader) Flush()                             {}
func (r *reader) SetReadDeadline(time.Time) error    { return nil }
func (r *reader) SetWriteDeadline(t time.Time) error { r.deadline = t; return nil }
func (r *reader) Write(b []byte) (int, error) {
	if !r.takes {
		time.Sleep(time.Until(r.deadline))
		return 0, http.ErrHandlerTimeout
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes++
	return r.got.Write(b)
}

// read has a reader follow a feed; the result is closed when the server has let go of him.
func read(t *testing.T, f *Feed, r *reader, query, last string) <-chan struct{} {
	t.Helper()
	q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events"+query, http.NoBody)
	if last != "" {
		q.Header.Set("Last-Event-ID", last)
	}
	r.header = make(http.Header)
	done := make(chan struct{})
	go func() { // ends with the test's context
		defer close(done)
		f.ServeHTTP(r, q)
	}()
	synctest.Wait()
	return done
}

func TestReadersLearnWhereTheStreamStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(begin())
		f.Publish("block", number{0})
		first := &reader{takes: true}
		read(t, f, first, "", "")
		if got, _ := first.text(); !strings.HasPrefix(got, "id: 1000000\n") {
			t.Fatalf("the stream begins with %q, want the number of the last event", got)
		}
		f.Publish("block", number{1}) // while its line is cut
		again := &reader{takes: true}
		read(t, f, again, "", "1000000")
		time.Sleep(pause)
		text, _ := again.text()
		if got := strings.Count(text, "event: block"); got != 1 {
			t.Errorf("who resumes from there gets %d events, want the one in between", got)
		}
	})
}

func TestEventsComeInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := NewFeed(begin()), &reader{takes: true}
		read(t, f, r, "", "")
		time.Sleep(time.Second)
		_, start := r.text()
		f.Publish("block", number{0})
		if _, writes := r.text(); writes != start+1 {
			t.Fatalf("the first event took %d writes at once, want 1", writes-start)
		}
		for i := range 1000 { // within one pause
			f.Publish("block", number{i})
		}
		time.Sleep(2 * pause)
		text, writes := r.text()
		if writes != start+2 {
			t.Errorf("1,001 events took %d writes, want 2", writes-start)
		}
		if got := strings.Count(text, "event: block"); got != 1001 {
			t.Errorf("%d events arrived, want 1,001", got)
		}
		time.Sleep(beat + pause)
		if text, _ := r.text(); !strings.HasSuffix(text, "\n:\n\n") {
			t.Error("a silent stream shows no sign of life")
		}
	})
}

func TestSlowReadersAreLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(begin())
		slow, quick := new(reader), &reader{takes: true}
		gone := read(t, f, slow, "", "")
		read(t, f, quick, "", "")
		since := time.Now()
		for i := range 10 * remembered { // nobody is waited for
			f.Publish("block", number{i})
		}
		if took := time.Since(since); took != 0 {
			t.Errorf("publishing took %v", took)
		}
		<-gone
		if took := time.Since(since); took > patience {
			t.Errorf("the slow reader was let go after %v, want at most %v", took, patience)
		}
		time.Sleep(time.Second)
		text, _ := quick.text()
		if !strings.Contains(text, "event: gap\n") || !strings.Contains(text, fmt.Sprintf(`{"n":%d}`, 10*remembered-1)) {
			t.Error("the quick reader was not told of a gap, or lacks the last event")
		}
	})
}

func TestReadersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(begin())
		for range maxReaders {
			read(t, f, &reader{takes: true}, "", "")
		}
		more := &reader{takes: true}
		read(t, f, more, "", "")
		if more.code != http.StatusServiceUnavailable {
			t.Errorf("one more than %d readers got status %d", maxReaders, more.code)
		}
	})
}

func TestBadFollowers(t *testing.T) {
	f := NewFeed(begin())
	for _, c := range []struct{ query, last string }{{"?kinds=block,bogus", ""}, {"", "yesterday"}} {
		w := httptest.NewRecorder()
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events"+c.query, http.NoBody)
		q.Header.Set("Last-Event-ID", c.last)
		f.ServeHTTP(w, q)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"code":"bad_request"`) {
			t.Errorf("%v: %d %s", c, w.Code, w.Body)
		}
	}
}

// A node that somebody relies on tells nobody how transactions travel in their stems, not
// even that one did (mechanism 3); a devnet tells all.
func TestStemsAreToldOfDevnetsOnly(t *testing.T) {
	tx, p := chainhash.Hash{1}, peer.ID("p")
	for _, e := range []events.Event{
		events.TxStemmed{Tx: tx, To: p},
		events.TxHeard{From: p, Txs: []chainhash.Hash{tx}, Stem: true},
		events.TxHeard{From: p, Txs: []chainhash.Hash{tx}},
		events.TxFluffed{Tx: tx, Cause: "embargo"},
		events.TxRefused{Tx: tx, Reason: events.StemFull},
	} {
		f := NewFeed(begin())
		Teller{}.Tell(f, begin(), e)
		if told := string(f.take(1_000_000, everything, 1<<20).frames); strings.Contains(told, tx.String()) || strings.Contains(told, p.String()) {
			t.Errorf("a real node tells %s", told)
		}
		Teller{Node: "n1", Traced: true}.Tell(f, begin(), e)
		if told := string(f.take(1_000_000, everything, 1<<20).frames); !strings.Contains(told, tx.String()) || !strings.Contains(told, `"node":"n1"`) {
			t.Errorf("a devnet tells %q of %v", told, e)
		}
	}
}

// everyEvent has one of each kind that is told.
var everyEvent = []events.Event{
	events.PeerUp{},
	events.PeerDown{},
	events.Charged{},
	events.Banned{},
	events.HeadersAdded{},
	events.BlockConnected{},
	events.BlockDisconnected{},
	events.SyncStalled{},
	events.TxAccepted{},
	events.TxRefused{},
	events.TxStemmed{},
	events.TxHeard{},
	events.TxFluffed{},
}

// Every kind that is told is one that readers may ask for.
func TestKindsAreComplete(t *testing.T) {
	for _, e := range everyEvent {
		kind, data := Teller{Traced: true}.message(Stamp{}, e)
		if _, err := kinds(kind); err != nil || data == nil {
			t.Errorf("%T is told as %q: %v", e, kind, err)
		}
	}
}
