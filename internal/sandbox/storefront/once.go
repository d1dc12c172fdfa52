package storefront

import (
	"crypto/rand"
	"sync"
)

// onceKept is how many forms are remembered; a form older than that many others acts again.
const onceKept = 4096

// once lets a form act once, however often it is sent: every form that buys carries a nonce, and what the first
// sending came to is what all others of the same nonce are told. Memory only: a form does not outlive the process by
// much, and the page it was on is gone with the first answer.
type once struct {
	mu    sync.Mutex
	tries map[string]*try
	order []string
}

type try struct {
	mu     sync.Mutex
	done   bool
	result string
}

func newOnce() *once { return &once{tries: map[string]*try{}} }

// nonce is a new form's.
func nonce() string { return rand.Text() }

// do runs act unless it has succeeded for key before; then it gives that result again. Others with the same key wait
// meanwhile. A failed act is forgotten, so that the form can be sent again.
func (o *once) do(key string, act func() (string, error)) (result string, err error) {
	t := o.try(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return t.result, nil
	}
	if result, err = act(); err != nil {
		return "", err
	}
	t.done, t.result = true, result
	return result, nil
}

func (o *once) try(key string) *try {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tries[key]
	if t == nil {
		t = &try{}
		o.tries[key] = t
		o.order = append(o.order, key)
		if len(o.order) > onceKept {
			delete(o.tries, o.order[0])
			o.order = o.order[1:]
		}
	}
	return t
}
