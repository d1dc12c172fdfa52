-- +goose Up

-- What the buyer answered to the seller's own questions, as a JSON array in their order; '' for nothing. It is about a
-- person, and emptied when what their account says is erased.
alter table registration add column answers text not null default '';

-- +goose Down
alter table registration drop column answers;
