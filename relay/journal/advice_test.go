package journal

import (
	"strings"
	"testing"
	"time"

	"github.com/pappus-network/pappus/internal/purse"
)

// Every way to be stuck has a line that says what to do; nothing else has one.
func TestAdvice(t *testing.T) {
	now := start().Add(time.Hour)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	fine := Situation{Outbound: 8, Peers: 9}
	alone := Situation{}
	cheap := Situation{Outbound: 8, Peers: 9, FeeRate: 1000, MinFee: 2500}
	replaceable := raw(t, purse.Pay(purse.Payment{Fee: 1000, Replaceable: true}, purse.Coin{Value: 5000}))
	for name, c := range map[string]struct {
		entry     Entry
		situation Situation
		want      string
	}{
		"submitted just now":        {Entry{State: Waiting, Submitted: now}, fine, ""},
		"submitted before a crash":  {Entry{State: Waiting, Submitted: ago(time.Hour)}, fine, "tx send"},
		"waiting before a crash":    {Entry{State: Waiting, Submitted: ago(time.Hour), Embargo: ago(59 * time.Minute)}, fine, "tx send"},
		"waiting without peers":     {Entry{State: Waiting, Embargo: now.Add(9 * time.Second)}, alone, "no peers: add one"},
		"waiting without outbound":  {Entry{State: Waiting, Embargo: now.Add(9 * time.Second)}, Situation{Peers: 3}, "In 9s it is sent to everybody"},
		"waiting for a turn":        {Entry{State: Waiting, Embargo: now.Add(9 * time.Second)}, fine, "9s"},
		"in its stem":               {Entry{State: Stemmed, Embargo: now.Add(9 * time.Second)}, fine, "in 9s"},
		"due":                       {Entry{State: Stemmed, Embargo: now}, fine, "about to publish"},
		"published alone":           {Entry{State: Fluffed, Fluffed: now}, alone, "no peers: add one"},
		"published just now":        {Entry{State: Fluffed, Fluffed: now}, fine, ""},
		"published and unheard":     {Entry{State: Fluffed, Fluffed: ago(time.Hour)}, fine, "1h0m0s ago"},
		"published too cheap":       {Entry{State: Fluffed, Fluffed: now}, cheap, "1.0 sat/vB is below the 2.5 sat/vB"},
		"too cheap, replaceable":    {Entry{State: Seen, Fluffed: now, Raw: replaceable}, cheap, "replaces this one"},
		"too cheap, final":          {Entry{State: Seen, Fluffed: now, Raw: raw(t, tx(1))}, cheap, "spend one of its outputs"},
		"seen":                      {Entry{State: Seen, Fluffed: ago(time.Hour)}, fine, ""},
		"seen, with a good fee":     {Entry{State: Seen, Fluffed: now}, Situation{8, 9, 2500, 2500}, ""},
		"seen and not mined":        {Entry{State: Seen, Fluffed: ago(25 * time.Hour)}, fine, "others pay more"},
		"unmined by reorganisation": {Entry{State: Seen, Fluffed: ago(time.Hour), Unmined: 1}, fine, "left the main chain"},
		"mined":                     {Entry{State: Mined}, alone, ""},
		"double spent":              {Entry{State: Dropped, Why: "conflict_tx"}, fine, "was first"},
		"too cheap to take":         {Entry{State: Dropped, Why: "low_fee_tx"}, fine, "higher fee"},
		"evicted":                   {Entry{State: Dropped, Why: "evicted"}, fine, "higher fee"},
		"expired":                   {Entry{State: Dropped, Why: "expired"}, fine, "two weeks"},
		"replaced":                  {Entry{State: Dropped, Why: "replaced"}, fine, "pays more"},
		"taken back":                {Entry{State: Dropped, Why: "aborted"}, fine, "took it back"},
		"spent by a block":          {Entry{State: Dropped, Why: "orphan_tx"}, fine, "spent already"},
		"too many":                  {Entry{State: Dropped, Why: "stem_full"}, fine, "tx send"},
		"not its fault":             {Entry{State: Dropped, Why: "internal_error"}, fine, "log"},
		"not valid":                 {Entry{State: Dropped, Why: "nonstandard_tx"}, fine, "not valid"},
	} {
		got := c.entry.Advice(now, c.situation)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q in it", name, got, c.want)
		}
	}
}
