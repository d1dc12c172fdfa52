package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Two nodes of one name would be one in logs, in /readyz and to a sandbox whose clock they follow; and whoever starts a second
// one has most likely copied a machine's settings. So a name is taken as long as a node lives that has it.
const (
	namePatience = 15 * time.Second       // with a node of the same name: one that is asked to end takes up to 10 s
	nameAgain    = 200 * time.Millisecond // between two looks whether it lives

	// sameName finds a living node of the name $2 that is not this one. Processes without a name are confused with no other.
	sameName = `select n.address from node n where n.name = $2 and n.name <> '' and n.id <> $3 and ` + aliveNode + ` limit 1`
)

// errNameTaken is of a name that a living node has.
var errNameTaken = errors.New("store: the node's name is taken")

// enter makes this process one of the nodes, under its name. One that was killed a moment ago has given the name back; one
// that hangs, or whose machine is gone, does when its lease has run out; for one that is ending this waits, and says so.
//
// Errors: fail.Conflict with the code instance_taken, or newer_schema where this program does not work on the database's; fail.Later where the database does not answer.
func (n *node) enter(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	patient, cancel := context.WithTimeout(ctx, n.namePatience)
	defer cancel()
	for waits := false; ; waits = true {
		address, err := n.tryEnter(ctx, conn)
		if !errors.Is(err, errNameTaken) {
			return err
		}
		if !waits {
			log.WarnContext(ctx, "another node has this node's name and seems to live; waiting for it to end, or for its lease to run out",
				slog.String("name", n.self.Name), slog.String("address", address), slog.Duration("at_most", n.namePatience))
		}
		if clock.Sleep(patient, nameAgain) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fail.New(fail.Conflict, "instance_taken", "A node called %q runs on this database already (%s); give each node a name of its own with --instance, or end the other one first.", n.self.Name, orNowhere(address))
		}
	}
}

func orNowhere(address string) string {
	if address == "" {
		return "it has told no --node-url"
	}
	return "at " + address
}

// tryEnter is one try. Of two that enter at the same time under one name the database breaks one, which then sees the other.
func (n *node) tryEnter(ctx context.Context, conn *pgx.Conn) (address string, err error) {
	for {
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) error {
			err := tx.QueryRow(ctx, sameName, n.leaseTime.Microseconds(), n.self.Name, n.id).Scan(&address)
			switch {
			case err == nil:
				return errNameTaken
			case !errors.Is(err, pgx.ErrNoRows):
				return err
			}
			if _, err = tx.Exec(ctx, sayAlive, n.id, n.self.Name, n.self.Address, n.session, n.knows, n.self.Speaks); err != nil {
				return err
			}
			var oldest int64
			if err := tx.QueryRow(ctx, readOldest).Scan(&oldest); err != nil || oldest <= n.knows {
				return err
			}
			return newerSchema(oldest, oldest, n.knows)
		})
		switch {
		case err == nil, errors.Is(err, errNameTaken):
			return address, err
		case !brokenByAnother(err):
			return "", fmt.Errorf("enter among the nodes: %w", classified(err))
		}
		if err := clock.Sleep(ctx, firstPause); err != nil {
			return "", err
		}
	}
}
