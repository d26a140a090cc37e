package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// RefusalError is an answer that is not what was asked for.
type RefusalError struct {
	Status  int
	Code    string // stable: bad_request, unauthorized, not_found, conflict, busy or internal
	Message string // what, where, and what to do about it
}

// Error is the message.
func (r *RefusalError) Error() string { return r.Message }

// BadRequest says that the request is wrong.
func BadRequest(format string, args ...any) *RefusalError {
	return &RefusalError{http.StatusBadRequest, "bad_request", fmt.Sprintf(format, args...)}
}

// NotFound says that there is no such thing.
func NotFound(format string, args ...any) *RefusalError {
	return &RefusalError{http.StatusNotFound, "not_found", fmt.Sprintf(format, args...)}
}

// Conflict says that it cannot be done as things are.
func Conflict(format string, args ...any) *RefusalError {
	return &RefusalError{http.StatusConflict, "conflict", fmt.Sprintf(format, args...)}
}

// Unauthorized says that it is not for everybody.
func Unauthorized(message string) *RefusalError {
	return &RefusalError{http.StatusUnauthorized, "unauthorized", message}
}

func busy(message string) *RefusalError {
	return &RefusalError{http.StatusTooManyRequests, "busy", message}
}

// refusalBody is a refusal as it is sent.
type refusalBody struct {
	Error refusalText `json:"error"`
}

type refusalText struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Refuse answers with an error, which is a [RefusalError] or else a fault of ours.
func Refuse(w http.ResponseWriter, err error) {
	r, ok := errors.AsType[*RefusalError](err)
	if !ok {
		r = &RefusalError{http.StatusInternalServerError, "internal", err.Error()}
	}
	body, _ := json.Marshal(refusalBody{refusalText{r.Code, r.Message}}) // two strings
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Status)
	_, _ = w.Write(append(body, '\n')) // the client has gone: nobody to tell
}
