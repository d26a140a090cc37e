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

// The header's fields end at these offsets.
const (
	startEnd   = 4
	commandEnd = 16
	sizeEnd    = 20
)

// commandSize is the longest command, in bytes.
const commandSize = commandEnd - startEnd

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

// Header returns the 24 bytes that go before the payload. Commands are constants
// of the program and payloads are what [MaxPayload] allows: it panics otherwise.
func Header(net wire.BitcoinNet, cmd Command, payload []byte) [HeaderSize]byte {
	return header(net, cmd, payload, Sum(payload))
}

func header(net wire.BitcoinNet, cmd Command, payload []byte, sum Checksum) [HeaderSize]byte {
	if len(cmd) == 0 || len(cmd) > commandSize || len(payload) > MaxPayload {
		panic(fmt.Sprintf("envelope: command %q with %d bytes, the limits are %d and %d", cmd, len(payload), commandSize, MaxPayload))
	}
	var h [HeaderSize]byte
	binary.LittleEndian.PutUint32(h[:], uint32(net))
	copy(h[startEnd:commandEnd], cmd)
	binary.LittleEndian.PutUint32(h[commandEnd:], uint32(len(payload))) // checked above
	copy(h[sizeEnd:], sum[:])
	return h
}

// Append appends the header and the payload to dst.
func Append(dst []byte, net wire.BitcoinNet, cmd Command, payload []byte) []byte {
	h := Header(net, cmd, payload)
	return append(append(dst, h[:]...), payload...)
}

// Write writes one envelope: the header and the payload one after the other,
// without copying the payload. The writer should be buffered, and one that
// passes large writes through, as a bufio.Writer does.
func Write(w io.Writer, net wire.BitcoinNet, cmd Command, payload []byte) error {
	return WriteSummed(w, net, cmd, payload, Sum(payload))
}

// WriteSummed is [Write] for a payload whose checksum is known: a block that is
// sent to one peer after another.
func WriteSummed(w io.Writer, net wire.BitcoinNet, cmd Command, payload []byte, sum Checksum) error {
	h := header(net, cmd, payload, sum)
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
	h := make([]byte, HeaderSize)
	if n, err := io.ReadFull(r, h); err != nil {
		if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil, faulty(events.Truncated, "the stream ended after %d of the header's %d bytes", n, HeaderSize)
		}
		return "", nil, err
	}
	cmd, size, err := parseHeader(h, net, limits)
	if err != nil {
		return "", nil, err
	}
	payload, err := readPayload(r, size)
	if err != nil {
		return "", nil, err
	}
	if err := verify(cmd, h, payload); err != nil {
		return "", nil, err
	}
	return cmd, payload, nil
}

// Decode reads the one envelope that data must consist of. The payload is part
// of data.
func Decode(data []byte, net wire.BitcoinNet, limits Limits) (Command, []byte, error) {
	if len(data) < HeaderSize {
		return "", nil, faulty(events.Truncated, "%d bytes are less than a header's %d", len(data), HeaderSize)
	}
	h, payload := data[:HeaderSize], data[HeaderSize:]
	cmd, size, err := parseHeader(h, net, limits)
	if err != nil {
		return "", nil, err
	}
	switch {
	case len(payload) < size:
		return "", nil, faulty(events.Truncated, "%s: %d of %d bytes", cmd, len(payload), size)
	case len(payload) > size:
		return "", nil, faulty(events.TrailingBytes, "%s: %d bytes after the payload's %d", cmd, len(payload)-size, size)
	}
	if err := verify(cmd, h, payload); err != nil {
		return "", nil, err
	}
	return cmd, payload, nil
}

// parseHeader checks everything that a header says before its payload is read.
func parseHeader(h []byte, net wire.BitcoinNet, limits Limits) (Command, int, error) {
	if start := binary.LittleEndian.Uint32(h); start != uint32(net) {
		return "", 0, faulty(events.WrongStartString, "start string %x, ours is %s", h[:startEnd], net)
	}
	cmd, err := parseCommand(h[startEnd:commandEnd])
	if err != nil {
		return "", 0, err
	}
	limit, known := limits[cmd]
	if !known {
		return "", 0, faulty(events.UnknownCommand, "command %q is not one of this protocol", cmd)
	}
	size, limit := binary.LittleEndian.Uint32(h[commandEnd:]), min(limit, MaxPayload)
	if size > limit {
		return "", 0, faulty(events.Oversize, "%s announces %d bytes, the limit is %d", cmd, size, limit)
	}
	return cmd, int(size), nil
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

// verify holds the payload against the header's checksum.
func verify(cmd Command, h, payload []byte) error {
	if sum := Sum(payload); string(sum[:]) != string(h[sizeEnd:]) {
		return faulty(events.BadChecksum, "%s: checksum %x, the payload's is %x", cmd, h[sizeEnd:], sum)
	}
	return nil
}

// Checksum is the last field of a header.
type Checksum [HeaderSize - sizeEnd]byte

// Sum returns a payload's checksum: the first bytes of its double SHA-256.
func Sum(payload []byte) Checksum {
	first := sha256.Sum256(payload)
	second := sha256.Sum256(first[:])
	return Checksum(second[:])
}
