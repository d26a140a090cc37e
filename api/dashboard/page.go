package dashboard

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/pappus-network/pappus/api/web"
)

// policy lets the page have its own scripts and styles, talk with its own server and
// nothing else. Source: design.md §6.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the files of the page, compressed once.
type page struct {
	files fs.FS
	mu    sync.Mutex
	ready map[string]file
}

// file is one that is ready to be sent.
type file struct {
	kind        string
	plain, gzip []byte
}

func newPage() *page {
	files, err := fs.Sub(web.Files, "dist")
	if err != nil {
		panic("dashboard: " + err.Error()) // the name is a valid one
	}
	return &page{files: files, ready: make(map[string]file)}
}

// ServeHTTP serves a file of the page. Those below assets/ have names that follow from
// their content: browsers may keep them.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	f, ok := p.file(name)
	if !ok {
		Refuse(w, NotFound("there is no %.80s here: the page is at /", r.URL.Path))
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	if f.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: nobody to tell
	}
}

// file returns a file that is part of the page.
func (p *page) file(name string) (file, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.ready[name]; ok {
		return f, true
	}
	plain, err := fs.ReadFile(p.files, name)
	if err != nil {
		return file{}, false
	}
	f := file{kind: mime.TypeByExtension(path.Ext(name)), plain: plain, gzip: compress(plain)}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	p.ready[name] = f
	return f, true
}

// compress returns nil if it does not help.
func compress(plain []byte) []byte {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil // the level is a valid one
	}
	if _, err := w.Write(plain); err != nil || w.Close() != nil || packed.Len() >= len(plain) {
		return nil
	}
	return packed.Bytes()
}
