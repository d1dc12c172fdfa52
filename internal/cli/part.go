package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// part is a server of ours that also works by itself: a sandbox or a gateway.
type part interface {
	Handler() http.Handler
	Run(ctx context.Context) error
	Close() error
}

// run serves p on ln and lets it work, until ctx ends or one of the two fails; then it ends the other and closes p.
func (s httpServer) run(ctx context.Context, ln net.Listener, p part, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var working sync.WaitGroup
	var worked error
	working.Go(func() {
		defer cancel()
		if err := p.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			worked = fmt.Errorf("the %s stopped working: %w", s.name, err)
		}
	})
	served := s.serve(ctx, ln, p.Handler(), log)
	cancel()
	working.Wait()
	return errors.Join(worked, served, p.Close())
}

// service is something that runs until it is ended.
type service struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done is closed
}

// launch runs f in the background. Its context ends with [service.end], not with ctx, so that services can be ended
// one after the other.
func launch(ctx context.Context, f func(context.Context) error) *service {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &service{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		defer cancel()
		s.err = f(own)
	}()
	return s
}

// end stops the service, waits for it, and returns what went wrong with it.
func (s *service) end() error {
	s.cancel()
	<-s.done
	return s.err
}
