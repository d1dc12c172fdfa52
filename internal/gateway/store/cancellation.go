package store

import "souk.dev/souk/internal/gateway/cancellation"

// Cancellations is the cancellation requests' part of the database.
func (db *DB) Cancellations() Proposals[cancellation.Cancellation] {
	return Proposals[cancellation.Cancellation]{db, proposalKind[cancellation.Cancellation]{
		table: "cancellation", called: "cancellation request", cells: cancellationCells, atAWS: cancellation.AtAWS,
		beside: func(c cancellation.Cancellation) (string, []any) { return `agreement_id = $1`, []any{c.Agreement} },
	}}
}

var _ cancellation.Store = Proposals[cancellation.Cancellation]{}

func cancellationCells(c *cancellation.Cancellation) []cell {
	return append(append(lifeCells(&c.Life), askedCells(&c.Asked)...),
		plain("agreement_id", &c.Agreement, atFirst), plain("reason", &c.Reason, atFirst), plain("description", &c.Description, atFirst))
}
