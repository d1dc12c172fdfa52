-- +goose Up

-- By which identity provider an operator is vouched for, and as whom; both empty for one with a password. password_hash is
-- empty for the others.
alter table operator add column issuer text not null default '';
alter table operator add column subject text not null default '';
create unique index operator_vouched on operator (issuer, subject) where subject <> '';

-- +goose Down
drop index operator_vouched;
alter table operator drop column subject;
alter table operator drop column issuer;
