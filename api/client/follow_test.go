package client

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestFollow(t *testing.T) {
	const stream = "id: 7\nretry: 2000\n\nid: 8\nevent: block\ndata: {\"height\":1}\n\n:\n\nid: 9\nevent: tx_accepted\ndata: {}\n\n"
	c := serve(t, func(r *http.Request, _ string) (int, string) {
		if user, password, _ := r.BasicAuth(); user != "__cookie__" || password != "ab" || r.URL.String() != "/events?kinds=block%2Ctx_accepted" {
			t.Errorf("request %v", r.URL)
		}
		return 200, stream
	})
	var got []string
	begun := 0
	err := c.Follow(t.Context(), []string{"block", "tx_accepted"}, func() { begun++ }, func(kind string, data []byte) {
		got = append(got, fmt.Sprintf("%s %s", kind, data))
	})
	if err != nil || begun != 1 || !slices.Equal(got, []string{`block {"height":1}`, "tx_accepted {}"}) {
		t.Errorf("%q, begun %d times: %v", got, begun, err)
	}
}

func TestFollowFails(t *testing.T) {
	never := func(string, []byte) { t.Error("an event is told") }
	busy := serve(t, func(*http.Request, string) (int, string) { return 503, "64 readers follow" })
	if err := busy.Follow(t.Context(), nil, nil, never); err == nil || !strings.Contains(err.Error(), "64 readers follow") {
		t.Errorf("a refusal gives %v", err)
	}
	long := serve(t, func(*http.Request, string) (int, string) { return 200, "data: " + strings.Repeat("x", maxEvent) })
	if err := long.Follow(t.Context(), nil, nil, never); err == nil {
		t.Error("a line without end is read")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := long.Follow(ctx, nil, nil, never); err == nil {
		t.Error("no error though the context has ended")
	}
}
