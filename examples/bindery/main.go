// Command bindery is an example of a product that is sold through AWS Marketplace and whose customers sign in with the account
// that they have at the gateway. See package app.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"time"

	"souk.dev/souk/examples/bindery/app"
)

const usage = `Bindery needs a souk gateway whose setting applications lists it, with the redirectUris http://127.0.0.1:4740/callback and the
postLogoutRedirectUris http://127.0.0.1:4740/. Tell it by the environment:
  SOUK_GATEWAY           the gateway's URL, such as http://127.0.0.1:4710
  BINDERY_CLIENT_ID      its clientId there (default bindery)
  BINDERY_CLIENT_SECRET  made with: souk applications secret (default: none, a public client)
  BINDERY_LISTEN         where to listen (default 127.0.0.1:4740)
`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bindery:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	addr := env("BINDERY_LISTEN", "127.0.0.1:4740")
	a, err := app.New(ctx, app.Config{Issuer: os.Getenv("SOUK_GATEWAY"), ClientID: env("BINDERY_CLIENT_ID", "bindery"), ClientSecret: os.Getenv("BINDERY_CLIENT_SECRET"),
		URL: "http://" + addr, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return fmt.Errorf("%w\n\n%s", err, usage)
	}
	srv := &http.Server{Addr: addr, Handler: a, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	end := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer end()
	fmt.Println("Bindery is open at http://" + addr)
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
