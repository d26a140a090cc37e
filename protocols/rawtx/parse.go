package rawtx

import (
	"fmt"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// Parse decodes exactly one transaction, with its witnesses if it has some. The
// transaction does not refer to raw. Faults come as *[envelope.Error].
func Parse(raw []byte) (*btcutil.Tx, error) {
	rest, err := Skip(raw)
	if err != nil {
		return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("transaction: %w", err)}
	}
	if len(rest) > 0 {
		return nil, &envelope.Error{Reason: events.TrailingBytes, Err: fmt.Errorf("%d bytes after the transaction", len(rest))}
	}
	tx, err := btcutil.NewTxFromBytes(raw)
	if err != nil {
		return nil, &envelope.Error{Reason: events.Malformed, Err: fmt.Errorf("transaction: %w", err)}
	}
	return tx, nil
}
