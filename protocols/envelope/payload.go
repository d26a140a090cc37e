package envelope

import (
	"bytes"
	"io"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// ProtocolVersion is the version of Bitcoin's protocol whose payload encodings
// are used, with witnesses (design.md §3).
const ProtocolVersion uint32 = 70016

// Decoder is a payload of btcd's wire package.
type Decoder interface {
	BtcDecode(r io.Reader, pver uint32, enc wire.MessageEncoding) error
}

// Encoder is a payload of btcd's wire package.
type Encoder interface {
	BtcEncode(w io.Writer, pver uint32, enc wire.MessageEncoding) error
}

// Unmarshal decodes the whole payload. Faults come as *[Error].
func Unmarshal(payload []byte, into Decoder) error {
	r := bytes.NewBuffer(payload) // a Buffer: some of wire's decoders ask for one
	if err := into.BtcDecode(r, ProtocolVersion, wire.WitnessEncoding); err != nil {
		return faulty(events.Malformed, "decode %T: %w", into, err)
	}
	if r.Len() > 0 {
		return faulty(events.TrailingBytes, "%d bytes after the last field of %T", r.Len(), into)
	}
	return nil
}

// Marshal encodes a payload.
func Marshal(msg Encoder) ([]byte, error) {
	var w bytes.Buffer
	if err := msg.BtcEncode(&w, ProtocolVersion, wire.WitnessEncoding); err != nil {
		return nil, err
	}
	return w.Bytes(), nil
}
