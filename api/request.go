package api

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/btcjson"
)

// request is one call of a client's.
type request struct {
	id     json.RawMessage // as sent; null if there was none
	v2     bool            // JSON-RPC 2.0
	silent bool            // a 2.0 notification: no answer is wanted
	method string
	params json.RawMessage // nil = none
}

// refuse is an RPC error for the caller.
func refuse(code btcjson.RPCErrorCode, format string, args ...any) *btcjson.RPCError {
	return &btcjson.RPCError{Code: code, Message: fmt.Sprintf(format, args...)}
}

func refuseRequest(format string, args ...any) *btcjson.RPCError {
	return refuse(btcjson.ErrRPCInvalidRequest.Code, format, args...)
}

// parseRequest reads one call. On an error the request still says how to
// answer. Messages are Bitcoin Core's (src/rpc/request.cpp).
func parseRequest(raw json.RawMessage) (request, *btcjson.RPCError) {
	q := request{id: json.RawMessage("null")}
	// A map, not a struct: encoding/json would take METHOD for method.
	var fields map[string]json.RawMessage
	if kindOf(raw) != "object" || json.Unmarshal(raw, &fields) != nil {
		return q, refuseRequest("Invalid Request object")
	}
	id, hasID := fields["id"]
	if hasID {
		q.id = id
	}
	if err := q.parseVersion(fields["jsonrpc"]); err != nil {
		return q, err
	}
	q.silent = q.v2 && !hasID
	if kind := kindOf(id); q.v2 && (kind == "object" || kind == "array" || kind == "boolean") {
		q.id = json.RawMessage("null")
		return q, refuseRequest("id must be a string, a number or null")
	}
	method, ok := fields["method"]
	if !ok {
		return q, refuseRequest("Missing method")
	}
	if kindOf(method) != "string" || json.Unmarshal(method, &q.method) != nil {
		return q, refuseRequest("Method must be a string")
	}
	switch params := fields["params"]; kindOf(params) {
	case "array", "object":
		q.params = params
	case "", "null":
	default:
		return q, refuseRequest("Params must be an array or object")
	}
	return q, nil
}

// parseVersion reads the jsonrpc field: absent, 1.0 and 1.1 are the old protocol.
func (q *request) parseVersion(raw json.RawMessage) *btcjson.RPCError {
	switch kindOf(raw) {
	case "", "null":
		return nil
	case "string":
	default:
		return refuseRequest("jsonrpc field must be a string")
	}
	var version string
	if err := json.Unmarshal(raw, &version); err != nil {
		return refuseRequest("jsonrpc field must be a string")
	}
	switch version {
	case "1.0", "1.1":
	case "2.0":
		q.v2 = true
	default:
		return refuseRequest("JSON-RPC version not supported")
	}
	return nil
}

// kindOf names the type of a JSON value as error messages do; "" for none.
func kindOf(raw json.RawMessage) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// rawHex is a result that is written as a string of hexadecimal digits without
// being one in memory first: a block of 4 MB would be copied three times.
type rawHex []byte

// answer is the outcome of one call, ready to be written.
type answer struct {
	request request
	hex     rawHex          // if not nil, the result
	result  json.RawMessage // otherwise; nil with an err
	err     *btcjson.RPCError
}

// newAnswer encodes a result.
func newAnswer(q request, result any, err *btcjson.RPCError) answer {
	a := answer{request: q, err: err}
	if err != nil {
		return a
	}
	if raw, ok := result.(rawHex); ok {
		a.hex = raw
		return a
	}
	encoded, failed := json.Marshal(result)
	if failed != nil {
		a.err = refuse(btcjson.ErrRPCInternal.Code, "encode result: %v", failed)
		return a
	}
	a.result = encoded
	return a
}

// write writes the response object. 1.0 has result and error always, 2.0 has
// one of them.
func (a answer) write(w io.Writer) error {
	var head, tail bytes.Buffer
	head.WriteByte('{')
	if a.request.v2 {
		head.WriteString(`"jsonrpc":"2.0",`)
	}
	switch {
	case a.err != nil:
		if !a.request.v2 {
			head.WriteString(`"result":null,`)
		}
		encoded, err := json.Marshal(a.err)
		if err != nil {
			return err
		}
		head.WriteString(`"error":`)
		head.Write(encoded)
	default:
		head.WriteString(`"result":`)
		if !a.request.v2 {
			tail.WriteString(`,"error":null`)
		}
	}
	tail.WriteString(`,"id":`)
	tail.Write(a.request.id)
	tail.WriteByte('}')

	if _, err := head.WriteTo(w); err != nil {
		return err
	}
	if err := a.writeResult(w); err != nil {
		return err
	}
	_, err := tail.WriteTo(w)
	return err
}

func (a answer) writeResult(w io.Writer) error {
	if a.hex == nil {
		_, err := w.Write(a.result)
		return err
	}
	if _, err := io.WriteString(w, `"`); err != nil {
		return err
	}
	if _, err := hex.NewEncoder(w).Write(a.hex); err != nil {
		return err
	}
	_, err := io.WriteString(w, `"`)
	return err
}
