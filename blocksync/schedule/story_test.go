package schedule

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

var update = flag.Bool("update", false, "write what the stories print into testdata")

// TestStories runs the scripts in testdata. A line that starts with ">" is a
// command, one with "#" a comment; the others are what the commands print.
//
//	config window=W budget=BYTES     before anything else
//	blocks size=BYTES cost=FACTOR [from=H size2=BYTES]   sizes, from height H on another one
//	validate DURATION                time that each block takes
//	plan PREFIX FROM TO              the plan from height FROM+1 to TO is PREFIX<height>
//	peer NAME rate=BYTES delay=DURATION height=H
//	silence|resume|leave|join NAME
//	has NAME HEIGHT
//	lacks|mutates NAME FROM TO       heights that the peer answers wrongly
//	trace on|off                     print every request and arrival
//	run [DURATION]                   until all is validated, or so long
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := tell(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("story goes otherwise; with -update it would read\n%s", got)
			}
		})
	}
}

// story is one script under way.
type story struct {
	t   *testing.T
	out strings.Builder
	n   *network
}

func tell(t *testing.T, script string) string {
	t.Helper()
	s := &story{t: t}
	s.n = newNetwork(DefaultConfig(), &s.out, t.Errorf)
	lines := bufio.NewScanner(strings.NewReader(script))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") || line == "" {
			fmt.Fprintln(&s.out, line)
		}
		command, ok := strings.CutPrefix(line, "> ")
		if !ok {
			continue
		}
		fmt.Fprintln(&s.out, line)
		words := strings.Fields(command)
		s.command(words[0], words[1:])
	}
	return s.out.String()
}

func (s *story) command(name string, args []string) {
	n := s.n
	switch name {
	case "config":
		o := s.options(args)
		n.cfg.Window = int(o.number("window", int64(n.cfg.Window)))
		n.cfg.Budget = o.number("budget", n.cfg.Budget)
		n.s = New(n.cfg)
	case "blocks":
		o := s.options(args)
		size, second, from := o.number("size", 100_000), o.number("size2", 0), o.number("from", 1<<30)
		n.factor = o.number("cost", 1)
		n.size = func(label string) int {
			if _, h := split(label); int64(h) >= from {
				return int(second)
			}
			return int(size)
		}
	case "validate":
		n.validate = s.duration(args[0])
	case "plan":
		n.want(args[0], s.height(args[1]), s.height(args[2]))
	case "peer":
		o := s.options(args[1:])
		v := &server{
			id: peer.ID(args[0]), rate: float64(o.number("rate", 10_000_000)),
			delay: s.duration(o.text("delay", "25ms")), height: int32(o.number("height", 1<<30)),
		}
		n.servers = append(n.servers, v)
		n.join(v)
	case "trace":
		n.trace = args[0] == "on"
	case "run":
		limit := time.Hour
		if len(args) > 0 {
			limit = s.duration(args[0])
		}
		n.run(limit)
		n.report()
	default:
		s.peerCommand(name, s.server(args[0]), args[1:])
	}
}

func (s *story) peerCommand(name string, v *server, args []string) {
	n := s.n
	switch name {
	case "silence":
		v.silent = true
	case "resume":
		n.resume(v)
	case "leave":
		n.leave(v)
	case "join":
		n.join(v)
	case "has":
		v.height = s.height(args[0])
		n.s.Has(v.id, v.height)
	case "lacks":
		v.lacks = s.within(args)
	case "mutates":
		v.mutates = s.within(args)
	default:
		s.t.Fatalf("unknown command %q", name)
	}
}

func (s *story) within(args []string) func(string) bool {
	from, to := s.height(args[0]), s.height(args[1])
	return func(label string) bool {
		_, h := split(label)
		return int32(h) >= from && int32(h) <= to
	}
}

func (s *story) server(name string) *server {
	s.t.Helper()
	for _, v := range s.n.servers {
		if string(v.id) == name {
			return v
		}
	}
	s.t.Fatalf("no peer %q", name)
	return nil
}

func (s *story) duration(text string) time.Duration {
	s.t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *story) height(text string) int32 {
	s.t.Helper()
	h, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		s.t.Fatal(err)
	}
	return int32(h)
}

// options are the key=value words of a command.
type options struct {
	t      *testing.T
	values map[string]string
}

func (s *story) options(words []string) options {
	s.t.Helper()
	o := options{t: s.t, values: make(map[string]string)}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			s.t.Fatalf("%q is not key=value", w)
		}
		o.values[key] = value
	}
	return o
}

func (o options) text(key, missing string) string {
	if v, ok := o.values[key]; ok {
		return v
	}
	return missing
}

func (o options) number(key string, missing int64) int64 {
	o.t.Helper()
	v, ok := o.values[key]
	if !ok {
		return missing
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}
