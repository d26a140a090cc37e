package seeder

import (
	"encoding/json"
	"net/http"
)

// Health is how a seeder is, as its page shows it.
type Health struct {
	Zone     string `json:"zone"`
	Known    int    `json:"known"`    // peers that it visits
	Named    int    `json:"named"`    // that it answers with
	Answered uint64 `json:"answered"` // questions
	Refused  uint64 `json:"refused"`  // of who asked too often
}

// HealthPage serves what of returns at /healthz: 200 if there is a peer to name, 503
// if there is none.
func HealthPage(of func() Health) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		h := of()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if h.Named == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(h) // the client is gone, then
	})
	return mux
}
