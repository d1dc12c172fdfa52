-- +goose Up

-- These are compressed already; the database must not try.
alter table usage_segment alter column body set storage external;
alter table usage_ids alter column body set storage external;

-- +goose Down
alter table usage_ids alter column body set storage extended;
alter table usage_segment alter column body set storage extended;
