package metering

import (
	"sync"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/wire"
)

// maxTokens is how many client tokens are remembered; AWS does not say how long it does.
const maxTokens = 4096

// once remembers what requests with a client token were answered, so that the same one again is answered alike. It
// forgets with the process: the world itself enters no usage twice. It is safe for concurrent use.
type once struct {
	mu   sync.Mutex
	done map[tokenKey]answered
	ring [maxTokens]tokenKey
	next int
}

type tokenKey struct{ account, token string }

type answered struct{ request, recordID string }

// look finds what the token's request was answered. Another request with the same token is an
// IdempotencyConflictException.
func (o *once) look(c *wire.Call, token *string, request string) (recordID string, known bool, err error) {
	if token == nil {
		return "", false, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	a, known := o.done[tokenKey{c.Account, *token}]
	if known && a.request != request {
		return "", true, &wire.Error{Code: contract.IdempotencyConflict, Message: "The ClientToken was used for a request with other parameters."}
	}
	return a.recordID, known, nil
}

func (o *once) keep(c *wire.Call, token *string, request, recordID string) {
	if token == nil {
		return
	}
	k := tokenKey{c.Account, *token}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, twice := o.done[k]; twice {
		return // two at once: the world has answered both alike
	}
	if o.done == nil {
		o.done = map[tokenKey]answered{}
	}
	delete(o.done, o.ring[o.next])
	o.ring[o.next], o.next = k, (o.next+1)%maxTokens
	o.done[k] = answered{request, recordID}
}
