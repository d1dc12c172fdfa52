-- +goose Up

-- When an account's personal data were erased; 0: they were not. The row stays, because licences and registrations name
-- it: what it says of a person is empty then, and its email_key is a colon and its id.
alter table account add column erased_us bigint not null default 0;

-- +goose Down
alter table account drop column erased_us;
