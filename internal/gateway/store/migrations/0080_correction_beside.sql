-- +goose Up

-- The metering record that billed too much, if that is known; and, as a JSON array, the ids of the corrections that a person
-- said are for other mistakes.
alter table correction add column record text not null default '';
alter table correction add column besides text not null default '';

-- +goose Down
alter table correction drop column besides;
alter table correction drop column record;
