package store

import "souk.dev/souk/internal/gateway/correction"

// Corrections is the corrections' part of the database.
func (db *DB) Corrections() Proposals[correction.Correction] {
	return Proposals[correction.Correction]{db, proposalKind[correction.Correction]{
		table: "correction", called: "correction", cells: correctionCells, atAWS: correction.AtAWS,
		beside: func(c correction.Correction) (string, []any) {
			return `license_id = $1 and kind = $2 and month_us = $3`, []any{c.License, c.Kind, us(c.Month)}
		},
	}}
}

var _ correction.Store = Proposals[correction.Correction]{}

func correctionCells(c *correction.Correction) []cell {
	return append(lifeCells(&c.Life),
		plain("kind", &c.Kind, atFirst), plain("dimension", &c.Dimension, atFirst), plain("quantity", &c.Quantity, atFirst), plain("amount", &c.Amount, atFirst),
		timed("month_us", &c.Month, atFirst), plain("invoice", &c.InvoiceID, atFirst), plain("record", &c.Record, atFirst), plain("reason", &c.Reason, atFirst),
		plain("description", &c.Description, atFirst), written("tags", &c.Tags, atFirst),
		written("request_body", &c.Request, once), plain("maximum", &c.Maximum, always), timed("sent_us", &c.SentAt, always), written("besides", &c.Besides, always),
		plain("hour", &c.Hour, always))
}
