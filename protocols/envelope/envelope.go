package envelope

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// HeaderSize is the length of the header before every payload, in bytes.
const HeaderSize = 24

// MaxPayload is the most that any message carries, in bytes: a block of
// 4,000,000 weight units. Source: design.md §3 and Bitcoin Core's
// MAX_PROTOCOL_MESSAGE_LENGTH; wire's own 32 MiB is not ours.
const MaxPayload = 4_000_000

// firstChunk is how much is allocated for a payload before a byte of it has
// come. Beyond it memory doubles with what was received. It is one read of a
// busy stream.
const firstChunk = 64 << 10

// commandSize is the length of the command's field, in bytes.
const commandSize = 12

// Command names a message: 1 to 12 printable ASCII characters.
type Command string

// Limits are the commands that a reader understands, each with its largest
// payload in bytes. A command that is absent is unknown.
type Limits map[Command]uint32

// Error says why bytes are not an envelope, or not one that was expected.
type Error struct {
	Reason events.Reason
	Err    error
}

// Error gives the reason code and the particulars.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap returns the particulars.
func (e *Error) Unwrap() error { return e.Err }

func faulty(r events.Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Err: fmt.Errorf(format, args...)}
}

// Header returns the 24 bytes that go before the payload. It panics on a
// command that is longer than 12 bytes: commands are constants of the program.
func Header(net wire.BitcoinNet, cmd Command, payload []byte) [HeaderSize]byte {
	if len(cmd) == 0 || len(cmd) > commandSize {
		panic(fmt.Sprintf("envelope: command %q is not 1 to %d bytes long", cmd, commandSize))
	}
	var h [HeaderSize]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(net))
	copy(h[4:16], cmd)
	binary.LittleEndian.PutUint32(h[16:], uint32(len(payload))) //nolint:gosec // far below 2^32: senders obey MaxPayload
	copy(h[20:], checksum(payload))
	return h
}

// Append appends the header and the payload to dst.
func Append(dst []byte, net wire.BitcoinNet, cmd Command, payload []byte) []byte {
	h := Header(net, cmd, payload)
	return append(append(dst, h[:]...), payload...)
}

// Write writes one envelope: the header and the payload one after the other,
// without copying the payload.
func Write(w io.Writer, net wire.BitcoinNet, cmd Command, payload []byte) error {
	h := Header(net, cmd, payload)
	if _, err := w.Write(h[:]); err != nil {
		return err
	}
	if len(payload) == 0 {
		return nil
	}
	_, err := w.Write(payload)
	return err
}

// Read reads one envelope. The payload is the caller's. Faults of the sender
// come as *[Error]; io.EOF, bare, only when the stream ends before the first
// byte; other errors are the stream's own.
func Read(r io.Reader, net wire.BitcoinNet, limits Limits) (Command, []byte, error) {
	var h [HeaderSize]byte
	if n, err := io.ReadFull(r, h[:]); err != nil {
		if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil, faulty(events.Truncated, "the stream ended after %d of the header's %d bytes", n, HeaderSize)
		}
		return "", nil, err
	}
	cmd, size, err := parseHeader(h[:], net, limits)
	if err != nil {
		return "", nil, err
	}
	payload, err := readPayload(r, int(size))
	if err != nil {
		return "", nil, err
	}
	if sum := checksum(payload); string(sum) != string(h[20:]) {
		return "", nil, faulty(events.BadChecksum, "%s: checksum %x, the payload's is %x", cmd, h[20:], sum)
	}
	return cmd, payload, nil
}

// Decode reads the one envelope that data must consist of. The payload is part
// of data.
func Decode(data []byte, net wire.BitcoinNet, limits Limits) (Command, []byte, error) {
	if len(data) < HeaderSize {
		return "", nil, faulty(events.Truncated, "%d bytes are less than a header's %d", len(data), HeaderSize)
	}
	cmd, size, err := parseHeader(data[:HeaderSize], net, limits)
	if err != nil {
		return "", nil, err
	}
	payload := data[HeaderSize:]
	switch {
	case len(payload) < int(size):
		return "", nil, faulty(events.Truncated, "%s: %d of %d bytes", cmd, len(payload), size)
	case len(payload) > int(size):
		return "", nil, faulty(events.TrailingBytes, "%s: %d bytes after the payload's %d", cmd, len(payload)-int(size), size)
	}
	if sum := checksum(payload); string(sum) != string(data[20:HeaderSize]) {
		return "", nil, faulty(events.BadChecksum, "%s: checksum %x, the payload's is %x", cmd, data[20:HeaderSize], sum)
	}
	return cmd, payload, nil
}

// parseHeader checks everything that a header says before its payload is read.
func parseHeader(h []byte, net wire.BitcoinNet, limits Limits) (Command, uint32, error) {
	if start := binary.LittleEndian.Uint32(h[0:]); start != uint32(net) {
		return "", 0, faulty(events.WrongStartString, "start string %x, ours is %s", h[0:4], net)
	}
	cmd, err := parseCommand(h[4:16])
	if err != nil {
		return "", 0, err
	}
	limit, known := limits[cmd]
	if !known {
		return "", 0, faulty(events.UnknownCommand, "command %q is not one of this protocol", cmd)
	}
	size := binary.LittleEndian.Uint32(h[16:])
	if size > min(limit, MaxPayload) {
		return "", 0, faulty(events.Oversize, "%s announces %d bytes, the limit is %d", cmd, size, min(limit, MaxPayload))
	}
	return cmd, size, nil
}

// parseCommand reads a NUL-padded field of printable ASCII.
func parseCommand(field []byte) (Command, error) {
	n := 0
	for n < len(field) && field[n] != 0 {
		if field[n] < 0x20 || field[n] > 0x7e {
			return "", faulty(events.BadPadding, "command %q is not printable ASCII", field)
		}
		n++
	}
	for _, b := range field[n:] {
		if b != 0 {
			return "", faulty(events.BadPadding, "command %q is not padded with NUL", field)
		}
	}
	if n == 0 {
		return "", faulty(events.BadPadding, "the command is empty")
	}
	return Command(field[:n]), nil
}

// readPayload reads size bytes into memory that grows as they come.
func readPayload(r io.Reader, size int) ([]byte, error) {
	buf := make([]byte, min(size, firstChunk))
	for have := 0; have < size; {
		if have == len(buf) {
			grown := make([]byte, min(size, 2*len(buf)))
			copy(grown, buf)
			buf = grown
		}
		n, err := io.ReadFull(r, buf[have:])
		have += n
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, faulty(events.Truncated, "the stream ended after %d of %d bytes", have, size)
		}
		if err != nil {
			return nil, err
		}
	}
	return buf, nil
}

func checksum(payload []byte) []byte {
	first := sha256.Sum256(payload)
	second := sha256.Sum256(first[:])
	return second[:4]
}
