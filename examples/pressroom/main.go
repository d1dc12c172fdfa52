// Command pressroom is an example of a product that is sold through AWS Marketplace and keeps the accounts of its
// customers itself. See package app.
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

	"souk.dev/souk/client"
	"souk.dev/souk/examples/pressroom/app"
)

const usage = `Pressroom needs a souk gateway whose product has the signUpUrl http://127.0.0.1:4730/welcome. Tell it by the environment:
  SOUK_GATEWAY         the gateway's URL, such as http://127.0.0.1:4710
  SOUK_API_KEY         made with: souk keys create --name pressroom
  PRESSROOM_PRODUCT    its product code
  PRESSROOM_LISTEN     where to listen (default 127.0.0.1:4730)
`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pressroom:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	product := os.Getenv("PRESSROOM_PRODUCT")
	if product == "" {
		return fmt.Errorf("PRESSROOM_PRODUCT is not set\n\n%s", usage)
	}
	souk, err := client.New(os.Getenv("SOUK_GATEWAY"), os.Getenv("SOUK_API_KEY"), client.WithUserAgent("pressroom"))
	if err != nil {
		return fmt.Errorf("%w\n\n%s", err, usage)
	}
	addr := os.Getenv("PRESSROOM_LISTEN")
	if addr == "" {
		addr = "127.0.0.1:4730"
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	srv := &http.Server{Addr: addr, Handler: app.New(souk, product, log), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	end := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer end()
	fmt.Println("Pressroom is open at http://" + addr)
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
