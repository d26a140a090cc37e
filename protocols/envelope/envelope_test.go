package envelope

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// golden are messages of Bitcoin's main network, byte for byte as in
// https://en.bitcoin.it/wiki/Protocol_documentation (version, verack, addr).
var golden = []struct {
	name string
	hex  string
	cmd  Command
	msg  wire.Message // as btcd decodes it; nil: btcd would write it another way
	pver uint32
}{
	{
		name: "verack",
		hex:  "F9BEB4D9 76657261636B000000000000 00000000 5DF6E0E2",
		cmd:  "verack", msg: &wire.MsgVerAck{}, pver: wire.ProtocolVersion,
	},
	{
		name: "version of Satoshi:0.7.2",
		hex: `F9BEB4D9 76657273696F6E0000000000 64000000 3B648D5A
			62EA0000 0100000000000000 11B2D05000000000
			0100000000000000 00000000000000000000FFFF00000000 0000
			0100000000000000 00000000000000000000FFFF00000000 0000
			3B2EB35D8CE61765 0F2F5361746F7368693A302E372E322F C03E0300`,
		cmd: "version", msg: &wire.MsgVersion{}, pver: 60002,
	},
	{
		name: "addr with one address",
		hex: `F9BEB4D9 616464720000000000000000 1F000000 ED52399B
			01 E215104D 0100000000000000 00000000000000000000FFFF0A000001 208D`,
		cmd: "addr", msg: &wire.MsgAddr{}, pver: 60002,
	},
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestGoldenBytes(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			want := unhex(t, g.hex)
			limits := Limits{g.cmd: 100}
			cmd, payload, err := Decode(want, wire.MainNet, limits)
			if err != nil || cmd != g.cmd || !bytes.Equal(payload, want[HeaderSize:]) {
				t.Fatalf("Decode = %q, %x, %v", cmd, payload, err)
			}
			cmd, payload, err = Read(iotest.OneByteReader(bytes.NewReader(want)), wire.MainNet, limits)
			if err != nil || cmd != g.cmd || !bytes.Equal(payload, want[HeaderSize:]) {
				t.Fatalf("Read = %q, %x, %v", cmd, payload, err)
			}
			if got := Append([]byte("x"), wire.MainNet, cmd, payload); !bytes.Equal(got[1:], want) {
				t.Errorf("Append:\n%x, want\n%x", got[1:], want)
			}
			var w bytes.Buffer
			if err := Write(&w, wire.MainNet, cmd, payload); err != nil || !bytes.Equal(w.Bytes(), want) {
				t.Errorf("Write:\n%x, %v, want\n%x", w.Bytes(), err, want)
			}
			btcd(t, want, g.msg, g.pver)
		})
	}
}

// btcd checks that btcd reads the same bytes and writes them back.
func btcd(t *testing.T, want []byte, into wire.Message, pver uint32) {
	t.Helper()
	_, msg, payload, err := wire.ReadMessageN(bytes.NewReader(want), pver, wire.MainNet)
	if err != nil || msg.Command() != into.Command() {
		t.Fatalf("btcd reads %v, %v", msg, err)
	}
	if !bytes.Equal(payload, want[HeaderSize:]) {
		t.Errorf("btcd's payload is %x", payload)
	}
	var w bytes.Buffer
	if _, err := wire.WriteMessageN(&w, msg, pver, wire.MainNet); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w.Bytes(), want) {
		t.Errorf("btcd writes\n%x, want\n%x", w.Bytes(), want)
	}
}

func TestSameBytesAsBtcd(t *testing.T) {
	for _, net := range []wire.BitcoinNet{wire.MainNet, wire.TestNet4, wire.SigNet, wire.TestNet, wire.SimNet} {
		ping := wire.NewMsgPing(0x0123456789abcdef)
		var want bytes.Buffer
		if _, err := wire.WriteMessageN(&want, ping, ProtocolVersion, net); err != nil {
			t.Fatal(err)
		}
		payload, err := Marshal(ping)
		if err != nil {
			t.Fatal(err)
		}
		if got := Append(nil, net, Command(ping.Command()), payload); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%v: %x, btcd has %x", net, got, want.Bytes())
		}
	}
}

// twist returns a good message with one thing wrong.
func twist(at int, b ...byte) []byte {
	m := Append(nil, wire.MainNet, "tx", []byte("payload"))
	copy(m[at:], b)
	return m
}

func TestFaults(t *testing.T) {
	limits := Limits{"tx": 7, "block": MaxPayload + 1}
	cases := []struct {
		name string
		data []byte
		want events.Reason
	}{
		{"another network's start string", twist(0, 0x0b, 0x11, 0x09, 0x07), events.WrongStartString},
		{"a command that is absent from the limits", twist(4, 't', 'y'), events.UnknownCommand},
		{"a command of another case", twist(4, 'T', 'X'), events.UnknownCommand},
		{"a command of twelve letters", twist(4, []byte("dandeliontxx")...), events.UnknownCommand},
		{"padding that is not NUL", twist(15, 'x'), events.BadPadding},
		{"padding of blanks", twist(4, []byte("tx          ")...), events.UnknownCommand},
		{"a control character in the command", twist(5, 0x1b), events.BadPadding},
		{"a byte above ASCII in the command", twist(5, 0xc3), events.BadPadding},
		{"an empty command", twist(4, 0, 0), events.BadPadding},
		{"one byte above the limit", twist(16, 8), events.Oversize},
		{"2^32-1 bytes announced", twist(16, 0xff, 0xff, 0xff, 0xff), events.Oversize},
		{"a limit above the largest payload", append(twist(4, []byte("block")...)[:16], 0x01, 0x09, 0x3d, 0x00, 0, 0, 0, 0), events.Oversize},
		{"a wrong checksum", twist(20, 1, 2, 3, 4), events.BadChecksum},
		{"a changed payload", twist(HeaderSize, 'P'), events.BadChecksum},
		{"a header that is cut off", twist(0)[:HeaderSize-1], events.Truncated},
		{"one byte", twist(0)[:1], events.Truncated},
		{"a header alone", twist(0)[:HeaderSize], events.Truncated},
		{"a payload that is cut off", twist(0)[:HeaderSize+6], events.Truncated},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Decode(c.data, wire.MainNet, limits)
			wantFault(t, err, c.want)
			_, _, err = Read(bytes.NewReader(c.data), wire.MainNet, limits)
			wantFault(t, err, c.want)
		})
	}
	_, _, err := Decode(append(twist(0), 0), wire.MainNet, limits)
	wantFault(t, err, events.TrailingBytes)
	_, _, err = Decode(nil, wire.MainNet, limits)
	wantFault(t, err, events.Truncated)
}

func wantFault(t *testing.T, err error, want events.Reason) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) || fault.Reason != want {
		t.Fatalf("error %v, want the reason %s", err, want)
	}
	if fault.Unwrap() == nil || !strings.HasPrefix(fault.Error(), string(want)) {
		t.Errorf("error text %q", fault)
	}
}

func TestReadLeavesTheNextMessage(t *testing.T) {
	stream := Append(Append(nil, wire.SimNet, "inv", []byte("one")), wire.SimNet, "mempool", nil)
	r := bytes.NewReader(stream)
	limits := Limits{"inv": 3, "mempool": 0}
	for _, want := range []string{"one", ""} {
		if _, payload, err := Read(r, wire.SimNet, limits); err != nil || string(payload) != want {
			t.Fatalf("Read = %q, %v, want %q", payload, err, want)
		}
	}
	// The end between two messages is no fault: the error is bare.
	if _, _, err := Read(r, wire.SimNet, limits); err != io.EOF { //nolint:errorlint // bare is what is promised
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestReadPassesTheStreamsErrorOn(t *testing.T) {
	broken := errors.New("broken")
	for _, n := range []int{0, 10, HeaderSize + 3} {
		r := io.MultiReader(bytes.NewReader(twist(0)[:n]), iotest.ErrReader(broken))
		var fault *Error
		if _, _, err := Read(r, wire.MainNet, Limits{"tx": 7}); !errors.Is(err, broken) || errors.As(err, &fault) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestHeaderRefusesWhatNoReaderWouldTake(t *testing.T) {
	for _, c := range []struct {
		cmd  Command
		size int
	}{{"", 0}, {"thirteenchars", 0}, {"block", MaxPayload + 1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("command %q with %d bytes was taken", c.cmd, c.size)
				}
			}()
			Header(wire.MainNet, c.cmd, make([]byte, c.size))
		}()
	}
}

// failing fails its nth write.
type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWriteReturnsTheWritersError(t *testing.T) {
	for n := range 2 {
		if err := Write(&failing{n}, wire.MainNet, "tx", []byte{1}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write %d failed, Write says %v", n, err)
		}
	}
}
