package store

import "souk.dev/souk/internal/gateway/payment"

// Payments is the payment requests' part of the database.
func (db *DB) Payments() Proposals[payment.Payment] {
	return Proposals[payment.Payment]{db, proposalKind[payment.Payment]{
		table: "payment", called: "payment request", cells: paymentCells, atAWS: payment.AtAWS,
		beside: func(p payment.Payment) (string, []any) { return `agreement_id = $1`, []any{p.Agreement} },
	}}
}

var _ payment.Store = Proposals[payment.Payment]{}

func paymentCells(p *payment.Payment) []cell {
	return append(append(lifeCells(&p.Life), askedCells(&p.Asked)...),
		plain("agreement_id", &p.Agreement, atFirst), plain("term_id", &p.Term, atFirst), plain("name", &p.Name, atFirst), plain("amount", &p.Amount, atFirst),
		plain("currency", &p.Currency, atFirst), plain("description", &p.Description, atFirst), plain("maximum", &p.Maximum, atFirst), plain("silence", &p.Silence, atFirst),
		plain("charge_id", &p.ChargeID, always))
}
