package world

import "fmt"

// Refusal is AWS's no: the name of an AWS error and its message. Package ops says it in AWS's protocols.
type Refusal struct {
	Code    string // one of contract's names
	Message string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}
