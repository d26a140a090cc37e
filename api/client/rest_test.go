package client

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAddressesThatADevnetPrints(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:8490", "http://127.0.0.1:8490/", "https://127.0.0.1:8490/#token=x", "http:///#token=x", "http://%zz/#token=x"} {
		if _, err := At(bad); err == nil || !strings.Contains(err.Error(), "#token=") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestActionsAndQuestions(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, token, _ := r.BasicAuth()
		switch {
		case token != "secret":
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":{"code":"unauthorized","message":"this takes the password"}}`)
		case r.Method == http.MethodGet && r.URL.String() == "/api/v1/txs?count=5":
			_, _ = io.WriteString(w, `[1,2]`)
		case r.Method == http.MethodPost && r.URL.Path == "/api/v1/devnet/add" && string(body) == `{"count":2}` && r.Header.Get("Content-Type") == "application/json":
			_, _ = io.WriteString(w, `{"names":["n6","n7"]}`)
		default:
			http.Error(w, "something else", http.StatusTeapot)
		}
	}))
	defer server.Close()
	c, err := At(server.URL + "/#token=secret")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int
	if err := c.Get(t.Context(), "txs?count=5", &numbers); err != nil || len(numbers) != 2 {
		t.Errorf("the answer is %v, %v", numbers, err)
	}
	var added struct{ Names []string }
	if err := c.Post(t.Context(), "devnet/add", map[string]int{"count": 2}, &added); err != nil || len(added.Names) != 2 {
		t.Errorf("the answer is %v, %v", added, err)
	}
	if err := c.Get(t.Context(), "bogus", nil); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("an answer that is none of ours: %v", err)
	}
	stranger, err := At(server.URL + "/#token=guess")
	if err != nil {
		t.Fatal(err)
	}
	refused, ok := errors.AsType[*RefusalError](stranger.Get(t.Context(), "own", nil))
	if !ok || refused.Status != http.StatusUnauthorized || refused.Code != "unauthorized" || refused.Message != "this takes the password" {
		t.Errorf("refused with %+v", refused)
	}
	server.Close()
	if err := c.Get(t.Context(), "txs", nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("when nobody answers: %v", err)
	}
}
