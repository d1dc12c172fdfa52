// Command inkwell is souk's example application: a small product that is sold through AWS Marketplace and meters its
// usage with the public Go client. See package app.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"souk.dev/souk/examples/inkwell/app"
)

const usage = `Inkwell needs a souk gateway. Tell it by the environment:
  SOUK_GATEWAY         the gateway's URL, such as http://127.0.0.1:4710
  SOUK_API_KEY         made with: souk keys create --name inkwell
  INKWELL_PRODUCTS     its product codes, with commas between them
  INKWELL_LISTEN       where to listen (default 127.0.0.1:4720)
`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "inkwell:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg, err := app.FromEnv(os.Getenv)
	if err != nil {
		return fmt.Errorf("%w\n\n%s", err, usage)
	}
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	a, err := app.New(cfg)
	if err != nil {
		return err
	}
	addr := os.Getenv("INKWELL_LISTEN")
	if addr == "" {
		addr = "127.0.0.1:4720"
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("Inkwell is open at", cfg.URL)
	srv := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	var wg sync.WaitGroup
	wg.Go(func() { a.Run(ctx) })
	wg.Go(func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(last) // what does not end in time is cut off with the process
	})
	err = srv.Serve(ln)
	stop()
	wg.Wait()
	if err == http.ErrServerClosed {
		return nil
	}
	return err
}
