-- souk:works-from 312
-- +goose Up

-- Why an agreement ended, by AWS's word, where the fact says so. What was kept before has none.
alter table license_fact add column reason text not null default '';

-- +goose Down
alter table license_fact drop column reason;
