package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
)

// standingKey is the API key kept in the file at path, so that a program goes on working when souk up is started
// again; one is made where there is none, or where the database does not know it.
func standingKey(ctx context.Context, database, path string) (string, error) {
	db, err := store.Open(ctx, database)
	if err != nil {
		return "", err
	}
	defer db.Close()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the API key: %w", err)
	}
	if key := strings.TrimSpace(string(text)); key != "" {
		if k, err := db.Keys().KeyByHash(ctx, keys.HashOf(key)); err == nil && k.RevokedAt.IsZero() {
			return key, nil
		}
	}
	key, _, err := keys.Create(ctx, db.Keys(), clock.System{}, "souk up")
	if err != nil {
		return "", fmt.Errorf("make an API key: %w", err)
	}
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the API key: %w", err)
	}
	return key, nil
}

// signIn is what a person signs in with.
type signIn struct {
	User     string `json:"user"`
	Password string `json:"password"` // empty where its owner has chosen another since
}

// upOperator is who may use the console of souk up.
var upOperator = operator.Person{Email: "admin@inkwell.example", Name: "Ida Inkwell", Role: operator.Admin}

// standingOperator is the operator of souk up, whose password is kept in the file at path; both are made where they are not
// there yet.
func standingOperator(ctx context.Context, database, path string) (signIn, error) {
	db, err := store.Open(ctx, database)
	if err != nil {
		return signIn{}, err
	}
	defer db.Close()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return signIn{}, fmt.Errorf("read the console's password: %w", err)
	}
	known := signIn{upOperator.Email, strings.TrimSpace(string(text))}
	people := operatorsOf(db)
	if _, err := people.Find(ctx, upOperator.Email); err == nil {
		// Its owner may have changed it in the console since: then it is not ours to tell.
		if _, err := people.SignIn(ctx, known.User, known.Password, ""); fail.Is(err, fail.Denied) || fail.Is(err, fail.TooMuch) {
			known.Password = ""
		} else if err != nil {
			return signIn{}, fmt.Errorf("try the console's password: %w", err)
		}
		return known, nil
	} else if !fail.Is(err, fail.NotFound) {
		return signIn{}, fmt.Errorf("find the console's operator: %w", err)
	}
	known.Password = newPassword()
	if err := os.WriteFile(path, []byte(known.Password+"\n"), 0o600); err != nil {
		return signIn{}, fmt.Errorf("keep the console's password: %w", err)
	}
	if _, err := people.Add(ctx, operator.Shell("souk up"), upOperator, known.Password); err != nil {
		return signIn{}, fmt.Errorf("make the console's operator: %w", err)
	}
	return known, nil
}
