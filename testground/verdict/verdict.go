package verdict

import "fmt"

// Outcome is how an instance fared.
type Outcome string

// The outcomes. All but OK fail a run.
const (
	OK         Outcome = "ok"
	Failed     Outcome = "failed"
	Crashed    Outcome = "crashed"
	Incomplete Outcome = "incomplete" // no success and no failure, or not ended
)

// Record is what is known of one instance.
type Record struct {
	succeeded, failed, crashed bool
	ended                      bool

	why  string // the first failure's or crash's text
	last string // the last message
}

// Note takes an event into account.
func (r *Record) Note(e Event) {
	switch e.Kind {
	case Success:
		r.succeeded = true
	case Failure:
		r.failed = true
		r.blame(e.Text)
	case Crash:
		r.crashed = true
		r.blame(e.Text)
	case Message:
		r.last = e.Text
	case Other:
	}
}

func (r *Record) blame(text string) {
	if r.why == "" {
		r.why = text
	}
}

// End notes that the process has ended.
func (r *Record) End() { r.ended = true }

// Ended says whether the process has.
func (r *Record) Ended() bool { return r.ended }

// Outcome judges by what is known so far.
func (r *Record) Outcome() Outcome {
	switch {
	case r.crashed:
		return Crashed
	case r.failed:
		return Failed
	case r.succeeded && r.ended:
		return OK
	}
	return Incomplete
}

// Why explains an outcome that is not OK.
func (r *Record) Why() string {
	switch r.Outcome() {
	case OK:
		return ""
	case Crashed, Failed:
		return r.why
	case Incomplete:
	}
	said := "it said nothing"
	if r.last != "" {
		said = fmt.Sprintf("its last message was %q", r.last)
	}
	switch {
	case r.ended:
		return "the process ended without success or failure; " + said
	case r.succeeded:
		return "it said success, but the process has not ended"
	}
	return "it has not finished; " + said
}
